import { listQuery } from '#server/domain/lib/list-query.ts'
import { listUsers } from '#server/domain/users/list.ts'
import { presentUser } from '#server/domain/users/present.ts'
import { readPage } from '#server/http/list.ts'
import { defineRealmRoute } from '#server/http/route.ts'
import { page } from '#shared/answers/fields.ts'
import { userAnswer } from '#shared/answers/users.ts'
import { canManageUsers } from '#shared/permissions.ts'

/** djoser's list: an Admin sees all users, Staff only themselves. The directory is `users/`. */
export default defineRealmRoute(
  {
    summary: 'List users',
    access: 'signed-in',
    query: listQuery([], ['first_name', 'last_name', 'email']),
    answer: page(userAnswer),
  },
  ({ authRealm, principal: { user }, query, event }) =>
    readPage(event, query, async window => {
      const only = canManageUsers(user) ? undefined : user.id
      const { count, rows } = await listUsers(authRealm.realm, query.search, only, window)
      return { count, rows: rows.map(row => presentUser(authRealm, row)) }
    }),
)
