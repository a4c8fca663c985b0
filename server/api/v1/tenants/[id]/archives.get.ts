import { archiveTexts, listArchives } from '#server/domain/archives/store.ts'
import { listQuery } from '#server/domain/lib/list-query.ts'
import { searchRows } from '#server/domain/lib/search.ts'
import { requireTenant } from '#server/domain/tenants/tenants.ts'
import { pageOf } from '#server/http/list.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { page } from '#shared/answers/fields.ts'
import { archiveAnswer } from '#shared/answers/operations.ts'
import { canManageArchives } from '#shared/permissions.ts'

export default definePlatformRoute(
  {
    summary: 'List the archives of an organisation',
    access: canManageArchives,
    query: listQuery([], ['name', 'tenant']),
    answer: page(archiveAnswer),
  },
  async ({ app, params, query, event }) => {
    const { id } = await requireTenant(app, { id: params.id! })
    return pageOf(event, query, searchRows(query.search, await listArchives(app, id), archiveTexts))
  },
)
