import type { MigrationSets } from '#server/database/migrations/runner.ts'
import type { App } from '#server/domain/context.ts'
import type { OperationRow } from './operations.ts'
import type { OperationReport } from './report.ts'

/**
 * The work of one kind of operation. It may be interrupted at any point and started again by another process, so each
 * step must check whether it was already done.
 * @returns the result, which is stored with the operation
 */
export type OperationWork = (
  app: App,
  operation: OperationRow,
  report: OperationReport,
  migrations: MigrationSets,
) => Promise<Record<string, unknown>>

/** The work has failed for good, and left a result. */
export class WorkFailed extends Error {
  readonly result: Record<string, unknown>

  constructor(message: string, result: Record<string, unknown>) {
    super(message)
    this.result = result
  }
}
