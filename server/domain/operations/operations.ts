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
  return {
    id: operations.id,
    kind: operations.kind,
    tenant: operations.tenant,
    state: operations.state,
    input: operations.input,
    result: operations.result,
    step: operations.step,
    done: operations.done,
    total: operations.total,
    attempts: operations.attempts,
    error: operations.error,
    requested_by: operations.requested_by,
    created: operations.created,
    started_at: operations.started_at,
    finished_at: operations.finished_at,
  }
}

/** Loads an operation, if it exists. */
export async function getOperation({ database: { platform } }: App, id: string): Promise<OperationRow | undefined> {
  const { operations } = platform.tables
  const rows = await platform.db.select(operationColumns(operations)).from(operations).where(eq(operations.id, id))
  return rows[0]
}
