import { canReadTenants } from '../../../../../../shared/permissions.ts'
import { listDomains } from '../../../../../domain/domains.ts'
import { requireTenant } from '../../../../../domain/tenants.ts'
import { presentDomain } from '../../../../../http/present.ts'
import { definePlatformRoute } from '../../../../../http/route.ts'

export default definePlatformRoute({ access: canReadTenants }, async ({ app, params }) => {
  const { id } = await requireTenant(app, { id: params.id! })
  const results = (await listDomains(app, id)).map(presentDomain)
  return { count: results.length, next: null, previous: null, results }
})
