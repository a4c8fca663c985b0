import { presentMe } from '#server/domain/users/present.ts'
import { defineRealmRoute } from '#server/http/route.ts'

export default defineRealmRoute({ access: 'signed-in' }, ({ authRealm, principal }) =>
  presentMe(authRealm, principal.user, principal.session),
)
