import { profileSchema } from '../../../../../shared/schemas/user.ts'
import { clearPhoto } from '../../../../domain/photos.ts'
import { changeUser } from '../../../../domain/users.ts'
import { presentSupport, presentUser } from '../../../../http/present.ts'
import { defineRealmRoute } from '../../../../http/route.ts'

/** Names, language, and the photo away: what else is sent is ignored, whoever sends it. */
export default defineRealmRoute({ access: 'signed-in', support: true, body: profileSchema }, async ({ app, authRealm, principal, body, origin }) => {
  const { photo, ...personal } = body
  if (photo === null) await clearPhoto(app, authRealm, principal.user.id, origin)
  const user = await changeUser(app, authRealm, principal.user.id, personal, origin)
  return { ...presentUser(authRealm, user), support: presentSupport(principal.session) }
})
