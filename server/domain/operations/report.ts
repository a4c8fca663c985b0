/**
 * How the work of an operation says what it does. Where it must not go on, `begin` and `advance` throw: that is
 * where it may be cut off.
 */
export interface OperationReport {
  /** @param total of what `advance` counts */
  begin(step: string, total?: number): void
  advance(by?: number): void
  /** To be awaited between small pieces of the work: lets short requests go first. */
  rest(): Promise<void>
  /** Aborted where the work must not go on. */
  signal: AbortSignal
}
