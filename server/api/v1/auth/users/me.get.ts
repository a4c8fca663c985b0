import { presentSupport, presentUser } from '../../../../http/present.ts'
import { defineRealmRoute } from '../../../../http/route.ts'

export default defineRealmRoute({ access: 'signed-in' }, ({ authRealm, principal }) =>
  ({ ...presentUser(authRealm, principal.user), support: presentSupport(principal.session) }))
