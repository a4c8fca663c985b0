import { presentUser } from '#server/domain/users/present.ts'
import { requireVisibleUser } from '#server/domain/users/users.ts'
import { defineRealmRoute } from '#server/http/route.ts'

export default defineRealmRoute({ access: 'signed-in' }, async ({ authRealm, principal, params }) =>
  presentUser(authRealm, await requireVisibleUser(authRealm, principal.user, params.id!)),
)
