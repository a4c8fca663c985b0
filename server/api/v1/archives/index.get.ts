import { canManageArchives } from '../../../../shared/permissions.ts'
import { listArchives } from '../../../domain/archives/store.ts'
import { listQuery, pageOf } from '../../../http/list.ts'
import { definePlatformRoute } from '../../../http/route.ts'

export default definePlatformRoute({ access: canManageArchives, query: listQuery([]) }, async ({ app, query, event }) =>
  pageOf(event, query, await listArchives(app)))
