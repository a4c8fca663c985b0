import { canReadAudit } from '../../../../shared/permissions.ts'
import { auditBatches, auditHeader, recordAudit } from '../../../domain/audit.ts'
import { auditFilter, auditQuery } from '../../../http/audit-query.ts'
import { givenFilters } from '../../../http/list.ts'
import { defineRealmRoute } from '../../../http/route.ts'
import { sendCsv } from '../../../http/send-csv.ts'

/** The record as a file, newest first, with the list's search and filters. */
export default defineRealmRoute({ access: canReadAudit, turn: 'export', support: false, query: auditQuery }, async ({ authRealm, query, origin, event }) => {
  const { realm } = authRealm
  await recordAudit(realm.db, realm, origin, { action: 'audit.exported', details: givenFilters(query) })
  return sendCsv(event, 'audit', auditHeader, auditBatches(authRealm, auditFilter(realm, query)))
})
