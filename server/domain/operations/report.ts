/**
 * Reports the progress of an operation's work. `begin` and `advance` throw if the work must stop: these are the points
 * where it may be interrupted.
 */
export interface OperationReport {
  /**
   * @param total the number of items that `advance` counts
   * @param done how many of them are finished already
   */
  begin(step: string, total?: number, done?: number): void
  advance(by?: number): void
  /** Await it between small pieces of work: it lets short requests go first. */
  rest(): Promise<void>
  /** Aborted when the work must stop. */
  signal: AbortSignal
}
