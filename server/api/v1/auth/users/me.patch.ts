import { changeUser } from '#server/domain/users/change.ts'
import { presentMe } from '#server/domain/users/present.ts'
import { defineRealmRoute } from '#server/http/route.ts'
import { profileSchema } from '#shared/schemas/user.ts'

/** Names, language, and the photo away: what else is sent is ignored, whoever sends it. */
export default defineRealmRoute(
  { access: 'signed-in', support: true, body: profileSchema },
  async ({ app, authRealm, principal, body, origin }) => {
    const user = await changeUser(app, authRealm, principal.user.id, body, origin)
    return presentMe(authRealm, user, principal.session)
  },
)
