import { canReadTenants } from '../../../../../../shared/permissions.ts'
import { readKeys } from '../../../../../domain/key-rotation.ts'
import { requireTenant } from '../../../../../domain/tenants.ts'
import { listQuery, pageOf, searchRows } from '../../../../../http/list.ts'
import { definePlatformRoute } from '../../../../../http/route.ts'

/** The signing keys, and how many live sessions still hold a token of each. */
export default definePlatformRoute({ access: canReadTenants, query: listQuery([], ['kid']) }, async ({ app, params, query, event }) => {
  const { id, schema } = await requireTenant(app, { id: params.id! })
  const keys = searchRows(query.search, await readKeys(app, { kind: 'tenant', id, schema }), ({ kid }) => [kid])
  return pageOf(event, query, keys)
})
