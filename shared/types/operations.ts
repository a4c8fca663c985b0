import type { OperationKind, OperationState } from '#shared/operations.ts'

/** Long work, and the archives that some of it makes, as the API answers: times are ISO 8601 UTC, ids UUIDv7. */

/** Long work on an organisation, which goes on in the background. */
export interface Operation {
  id: string
  kind: OperationKind
  /** Null where it makes a new organisation that is not there yet. */
  tenant: string | null
  /** As it is called today; null for one that is gone. In lists. */
  tenant_name?: string | null
  state: OperationState
  /** What is being done just now, and how far it is; a total of 0 is not known. */
  step: string | null
  done: number
  total: number
  result: Record<string, unknown> | null
  error: string | null
  requested_by: string | null
  created: string
  started_at: string | null
  finished_at: string | null
}

/** A file that holds all of an organisation as it was at one moment. */
export interface Archive {
  name: string
  /** In bytes. */
  size: number
  /** All but `name`, `size` and `problem` are null where the file cannot be read. */
  created: string | null
  tenant: { id: string; name: string; subdomain: string } | null
  /** The newest migration that its schema had had. */
  version: string | null
  people: number | null
  files: number | null
  /** False: made with another SECRET, and accepted only with `foreign`. */
  ours: boolean
  problem: string | null
}
