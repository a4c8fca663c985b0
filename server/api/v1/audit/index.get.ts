import { listEvents } from '#server/domain/audit/list.ts'
import { auditQuery } from '#server/domain/audit/query.ts'
import { readPage } from '#server/http/list.ts'
import { defineRealmRoute } from '#server/http/route.ts'
import { auditEventAnswer } from '#shared/answers/audit.ts'
import { page } from '#shared/answers/fields.ts'
import { canReadAudit } from '#shared/permissions.ts'

/** The audit events of this realm, newest first. */
export default defineRealmRoute(
  { summary: 'List audit events', access: canReadAudit, query: auditQuery, answer: page(auditEventAnswer) },
  ({ authRealm, query, event }) => readPage(event, query, window => listEvents(authRealm, query, window)),
)
