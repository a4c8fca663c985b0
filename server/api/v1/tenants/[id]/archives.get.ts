import { canManageArchives } from '../../../../../shared/permissions.ts'
import { archiveTexts, listArchives } from '../../../../domain/archives/store.ts'
import { listQuery, pageOf, searchRows } from '../../../../http/list.ts'
import { definePlatformRoute } from '../../../../http/route.ts'

export default definePlatformRoute({ access: canManageArchives, query: listQuery([], ['name', 'tenant']) }, async ({ app, params, query, event }) =>
  pageOf(event, query, searchRows(query.search, await listArchives(app, params.id!), archiveTexts)))
