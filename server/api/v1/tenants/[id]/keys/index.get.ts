import { readKeys } from '#server/domain/keys/rotate.ts'
import { listQuery } from '#server/domain/lib/list-query.ts'
import { searchRows } from '#server/domain/lib/search.ts'
import { requireTenant } from '#server/domain/tenants/tenants.ts'
import { pageOf } from '#server/http/list.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { page } from '#shared/answers/fields.ts'
import { signingKeyAnswer } from '#shared/answers/keys.ts'
import { canReadTenants } from '#shared/permissions.ts'

/** The signing keys, each with the number of live sessions that still hold one of its tokens. */
export default definePlatformRoute(
  {
    summary: 'List the signing keys of an organisation',
    access: canReadTenants,
    query: listQuery([], ['kid']),
    answer: page(signingKeyAnswer),
  },
  async ({ app, params, query, event }) => {
    const { id, schema } = await requireTenant(app, { id: params.id! })
    const keys = searchRows(query.search, await readKeys(app, { kind: 'tenant', id, schema }), ({ kid }) => [kid])
    return pageOf(event, query, keys)
  },
)
