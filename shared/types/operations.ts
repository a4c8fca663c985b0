import type { OperationKind, OperationState } from '#shared/operations.ts'

/** Operations and archives, as the API returns them: times are ISO 8601 UTC, ids UUIDv7. */

/** Long work on an organisation, in the background. */
export interface Operation {
  id: string
  kind: OperationKind
  /** Null if it creates an organisation that does not exist yet. */
  tenant: string | null
  /** Its current name; null if it was deleted. In lists. */
  tenant_name?: string | null
  state: OperationState
  /** The current step and its progress; a total of 0 means unknown. */
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

/** A file with all data of an organisation at one moment. */
export interface Archive {
  name: string
  /** In bytes. */
  size: number
  /** If the file cannot be read, all fields are null except `name`, `size` and `problem`. */
  created: string | null
  tenant: { id: string; name: string; subdomain: string } | null
  /** The newest migration of its schema. */
  version: string | null
  people: number | null
  files: number | null
  /** False: made with another SECRET, and accepted only with `foreign`. */
  ours: boolean
  problem: string | null
}
