import { recordAudit } from '#server/domain/audit/audit.ts'
import { givenFilters } from '#server/domain/lib/list-query.ts'
import { directoryFilter, directoryQuery } from '#server/domain/users/query.ts'
import { directoryBatches, directoryHeader } from '#server/domain/users/export.ts'
import { defineTenantRoute } from '#server/http/route.ts'
import { sendCsv } from '#server/http/download/csv.ts'
import { canManageUsers } from '#shared/permissions.ts'

/** The directory as a CSV file, with the directory's search and filters. */
export default defineTenantRoute(
  {
    summary: 'Export people as CSV',
    access: canManageUsers,
    reauthentication: true,
    turn: 'export',
    support: false,
    query: directoryQuery,
    sends: 'text/csv',
  },
  async ({ authRealm, query, audit, event }) => {
    const { realm } = authRealm
    await recordAudit(realm.db, realm, audit, { action: 'users.exported', details: givenFilters(query) })
    return sendCsv(
      event,
      authRealm,
      'people',
      directoryHeader,
      directoryBatches(realm, directoryFilter(realm, query, true)),
    )
  },
)
