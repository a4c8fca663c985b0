import type { OperationKind } from '../../shared/operations.ts'
import type { MigrationSets } from '../database/migrator.ts'
import type { App } from './app.ts'
import { cloneTenant } from './archives/cloning.ts'
import { exportTenant } from './archives/export.ts'
import { restoreArchive } from './archives/restoration.ts'
import { rotateAllKeys } from './key-rotations.ts'
import type { OperationReport } from './operation-runner.ts'
import type { OperationRow } from './operations.ts'
import { purge } from './tenant-purge.ts'

/**
 * The work of one kind of operation. It may be cut off anywhere and begun anew by another process, so each of its steps
 * must find out whether it has been done already.
 * @returns what the operation's record says came of it
 */
export type OperationWork = (app: App, operation: OperationRow, report: OperationReport, migrations: MigrationSets) => Promise<Record<string, unknown>>

/** What this program can do; an operation of another kind is left to a process that knows it. */
export const operationWork: Record<OperationKind, OperationWork> = {
  export: exportTenant,
  restore: restoreArchive,
  clone: cloneTenant,
  purge,
  rotation: rotateAllKeys,
}
