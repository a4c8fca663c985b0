import { cloneTenant } from '#server/domain/archives/clone.ts'
import { exportTenant } from '#server/domain/archives/export.ts'
import { restoreArchive } from '#server/domain/archives/restore.ts'
import { rotateAllKeys } from '#server/domain/keys/rotate-all.ts'
import { migrateTenants } from '#server/domain/migrations/work.ts'
import { purge } from '#server/domain/tenants/purge.ts'
import type { OperationKind } from '#shared/operations.ts'
import type { OperationWork } from './work.ts'

/** The work of each kind of operation. A process leaves an operation of an unknown kind to others. */
export const operationWork: Record<OperationKind, OperationWork> = {
  export: exportTenant,
  restore: restoreArchive,
  clone: cloneTenant,
  purge,
  rotation: rotateAllKeys,
  migration: migrateTenants,
}
