import { eq } from 'drizzle-orm'
import type { App } from '#server/domain/context.ts'
import type { OperationKind, OperationState } from '#shared/operations.ts'

/** Long work, as stored in `platform.operations`. */
export interface OperationRow {
  id: string
  kind: OperationKind
  tenant: string | null
  state: OperationState
  input: Record<string, unknown>
  result: Record<string, unknown> | null
  step: string | null
  done: number
  total: number
  attempts: number
  error: string | null
  requested_by: string | null
  created: Date
  started_at: Date | null
  finished_at: Date | null
}

/** The progress of an operation. */
export type Progress = Pick<OperationRow, 'step' | 'done' | 'total'>

/** The channel on which processes tell each other that an operation is queued. */
export const operationsChannel = 'tenantry_operations'

/** An operation's columns, by name. */
export function operationColumns(operations: App['database']['platform']['tables']['operations']) {
  const {
    id,
    kind,
    tenant,
    state,
    input,
    result,
    step,
    done,
    total,
    attempts,
    error,
    requested_by,
    created,
    started_at,
    finished_at,
  } = operations
  return {
    id,
    kind,
    tenant,
    state,
    input,
    result,
    step,
    done,
    total,
    attempts,
    error,
    requested_by,
    created,
    started_at,
    finished_at,
  }
}

/** Loads an operation, if it exists. */
export async function getOperation(
  {
    database: {
      platform: {
        db,
        tables: { operations },
      },
    },
  }: App,
  id: string,
): Promise<OperationRow | undefined> {
  const rows = await db.select(operationColumns(operations)).from(operations).where(eq(operations.id, id))
  return rows[0]
}
