import { listQuery, matchesSearch, orderBy, toPage, windowOf } from '../../../http/list.ts'
import { defineTenantRoute } from '../../../http/route.ts'

export default defineTenantRoute({ access: 'signed-in', query: listQuery(['name']) }, async ({ authRealm, query, event }) => {
  const { db, tables: { departments } } = authRealm.realm
  const where = matchesSearch(query.search, [departments.name])
  const ordering = orderBy(query.ordering.length > 0 ? query.ordering : ['name'], { name: departments.name }, departments.id)
  const window = windowOf(query)
  const [count, rows] = await Promise.all([
    db.$count(departments, where),
    db.select({ id: departments.id, name: departments.name }).from(departments).where(where).orderBy(...ordering).limit(window.limit).offset(window.offset),
  ])
  return toPage(event, window, count, rows)
})
