import { profileSchema } from '../../../../../shared/schemas/user.ts'
import { changeUser } from '../../../../domain/users.ts'
import { presentUser } from '../../../../http/present.ts'
import { defineRealmRoute } from '../../../../http/route.ts'

/** Names alone: what else is sent is ignored, whoever sends it. */
export default defineRealmRoute({ access: 'signed-in', body: profileSchema }, async ({ app, authRealm, principal, body, origin }) => {
  const { first_name, last_name } = body
  const user = await changeUser(app, authRealm, principal.user.id, { first_name, last_name }, origin)
  return presentUser(authRealm, user)
})
