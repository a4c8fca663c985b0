import type { OperationRow } from './operations.ts'

/** An operation as the API shows it: without `input`, which may name files. */
export function presentOperation({
  id,
  kind,
  tenant,
  state,
  step,
  done,
  total,
  result,
  error,
  requested_by,
  created,
  started_at,
  finished_at,
}: OperationRow) {
  return { id, kind, tenant, state, step, done, total, result, error, requested_by, created, started_at, finished_at }
}
