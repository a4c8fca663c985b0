import { canReadTenants } from '../../../../shared/permissions.ts'
import { recordAudit } from '../../../domain/audit.ts'
import { tenantBatches, tenantsHeader } from '../../../domain/tenant-details.ts'
import { definePlatformRoute } from '../../../http/route.ts'
import { sendCsv } from '../../../http/send-csv.ts'
import { tenantsFilter, tenantsQuery } from '../../../http/tenants-query.ts'

/** The tenants as a file, with the list's search and filters. */
export default definePlatformRoute({ access: canReadTenants, turn: 'export', query: tenantsQuery }, async ({ app, authRealm: { realm }, query, origin, event }) => {
  await recordAudit(realm.db, realm, origin, { action: 'tenants.exported' })
  return sendCsv(event, 'organisations', tenantsHeader, tenantBatches(app, tenantsFilter(realm.tables, query)))
})
