import type { MigrationSets } from '#server/database/migrations/runner.ts'
import type { App } from '#server/domain/context.ts'
import type { OperationRow } from './operations.ts'
import type { OperationReport } from './report.ts'

/**
 * The work of one kind of operation. It may be cut off anywhere and begun anew by another process, so each of its steps
 * must find out whether it has been done already.
 * @returns what the operation's record says came of it
 */
export type OperationWork = (
  app: App,
  operation: OperationRow,
  report: OperationReport,
  migrations: MigrationSets,
) => Promise<Record<string, unknown>>
