import { requireVisibleUser } from '../../../../domain/users.ts'
import { presentUser } from '../../../../http/present.ts'
import { defineRealmRoute } from '../../../../http/route.ts'

export default defineRealmRoute({ access: 'signed-in' }, async ({ authRealm, principal, params }) =>
  presentUser(authRealm, await requireVisibleUser(authRealm, principal.user, params.id!)))
