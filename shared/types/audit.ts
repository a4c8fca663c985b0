/** Audit events, as the API returns them: times are ISO 8601 UTC, ids UUIDv7. */

export interface AuditEvent {
  id: string
  created: string
  action: string
  actor: string | null
  actor_email: string | null
  /** Id of the object of the action. */
  subject: string | null
  ip: string | null
  /** Values, and changes as `{ from, to }`, by field. */
  details: Record<string, unknown>
  /** The current names of the ids in it; deleted objects have none. */
  names: Record<string, string>
}
