import { directoryQuery } from '#server/domain/users/query.ts'
import { listPeople } from '#server/domain/users/list.ts'
import { presentDirectoryUser } from '#server/domain/users/present.ts'
import { readPage } from '#server/http/list.ts'
import { defineTenantRoute } from '#server/http/route.ts'
import { page } from '#shared/answers/fields.ts'
import { directoryUserAnswer } from '#shared/answers/users.ts'
import { canManageUsers } from '#shared/permissions.ts'

/**
 * The directory: Staff see active users, an Admin everyone and every field. `department` is an id, or `none`. The
 * search finds each word anywhere in names and addresses, for an Admin also in `employee_id`, without regard to case
 * and diacritics.
 */
export default defineTenantRoute(
  { summary: 'List people', access: 'signed-in', query: directoryQuery, answer: page(directoryUserAnswer) },
  ({ authRealm, principal, query, event }) => {
    const asAdmin = canManageUsers(principal.user)
    return readPage(event, query, async window => {
      const { count, rows } = await listPeople(authRealm.realm, query, asAdmin, window)
      return { count, rows: rows.map(row => presentDirectoryUser(row, asAdmin)) }
    })
  },
)
