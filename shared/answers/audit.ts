import { z } from 'zod'
import { id, time } from './fields.ts'

/** Audit events. */
export const auditEventAnswer = z.strictObject({
  id: id(),
  created: time(),
  action: z.string(),
  actor: id().nullable(),
  actor_email: z.string().nullable(),
  subject: id().nullable().describe('Id of the object of the action.'),
  ip: z.string().nullable(),
  details: z.record(z.string(), z.unknown()).describe('Values, and changes as `{ from, to }`, by field.'),
  names: z.record(z.string(), z.string()).describe('The current names of the ids in it; deleted objects have none.'),
})
export type AuditEvent = z.output<typeof auditEventAnswer>
