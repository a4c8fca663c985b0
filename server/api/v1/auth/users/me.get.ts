import { presentMe } from '../../../../http/present.ts'
import { defineRealmRoute } from '../../../../http/route.ts'

export default defineRealmRoute({ access: 'signed-in' }, ({ authRealm, principal }) =>
  presentMe(authRealm, principal.user, principal.session))
