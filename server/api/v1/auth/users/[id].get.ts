import { requireVisibleUser } from '#server/domain/users/users.ts'
import { presentUser } from '#server/http/present.ts'
import { defineRealmRoute } from '#server/http/route.ts'

export default defineRealmRoute({ access: 'signed-in' }, async ({ authRealm, principal, params }) =>
  presentUser(authRealm, await requireVisibleUser(authRealm, principal.user, params.id!)),
)
