import { auditBatches, auditHeader, recordAudit } from '#server/domain/audit/audit.ts'
import { auditFilter, auditQuery } from '#server/domain/audit/query.ts'
import { givenFilters } from '#server/domain/lib/list-query.ts'
import { defineRealmRoute } from '#server/http/route.ts'
import { sendCsv } from '#server/http/download/csv.ts'
import { canReadAudit } from '#shared/permissions.ts'

/**
 * The audit events as a CSV file, newest first, with the list's search and filters. `subject_name` is the subject's
 * current name, `support` the operator who acted as the actor.
 */
export default defineRealmRoute(
  {
    summary: 'Export audit events as CSV',
    access: canReadAudit,
    reauthentication: true,
    turn: 'export',
    support: false,
    query: auditQuery,
    sends: 'text/csv',
  },
  async ({ authRealm, query, audit, event }) => {
    const { realm } = authRealm
    await recordAudit(realm.db, realm, audit, { action: 'audit.exported', details: givenFilters(query) })
    return sendCsv(event, authRealm, 'audit', auditHeader, auditBatches(authRealm, auditFilter(realm, query)))
  },
)
