import { canReadTenants } from '../../../../../../shared/permissions.ts'
import { readKeys } from '../../../../../domain/key-rotation.ts'
import { requireTenant } from '../../../../../domain/tenants.ts'
import { definePlatformRoute } from '../../../../../http/route.ts'

/** The signing keys, and how many live sessions still hold a token of each. */
export default definePlatformRoute({ access: canReadTenants }, async ({ app, params }) => {
  const { id, schema } = await requireTenant(app, { id: params.id! })
  const results = await readKeys(app, { kind: 'tenant', id, schema })
  return { count: results.length, next: null, previous: null, results }
})
