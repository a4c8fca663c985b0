/** The record of what happened, as the API answers: times are ISO 8601 UTC, ids UUIDv7. */

export interface AuditEvent {
  id: string
  created: string
  action: string
  actor: string | null
  actor_email: string | null
  /** Id of what it was done to. */
  subject: string | null
  ip: string | null
  /** Values, and changes as `{ from, to }`, by field. */
  details: Record<string, unknown>
  /** What the ids in it are called today; who or what is gone has no name. */
  names: Record<string, string>
}
