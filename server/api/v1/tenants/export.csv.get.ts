import { recordAudit } from '#server/domain/audit/audit.ts'
import { tenantBatches, tenantsHeader } from '#server/domain/tenants/details.ts'
import { tenantsFilter, tenantsQuery } from '#server/domain/tenants/query.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { sendCsv } from '#server/http/download/csv.ts'
import { canReadTenants } from '#shared/permissions.ts'

/** The tenants as a CSV file, with the list's search and filters. */
export default definePlatformRoute(
  {
    summary: 'Export organisations as CSV',
    access: canReadTenants,
    reauthentication: true,
    turn: 'export',
    query: tenantsQuery,
    sends: 'text/csv',
  },
  async ({ app, authRealm, query, audit, event }) => {
    const { realm } = authRealm
    await recordAudit(realm.db, realm, audit, { action: 'tenants.exported' })
    return sendCsv(
      event,
      authRealm,
      'organisations',
      tenantsHeader,
      tenantBatches(app, tenantsFilter(realm.tables, query)),
    )
  },
)
