import { changeUser } from '#server/domain/users/change.ts'
import { presentMe, presentUser } from '#server/domain/users/present.ts'
import { adminFields } from '#server/domain/users/users.ts'
import { refuseReadOnly } from '#server/http/body/read-only.ts'
import { readIfMatch } from '#server/http/route/precondition.ts'
import { defineRealmRoute } from '#server/http/route.ts'
import { meAnswer } from '#shared/answers/users.ts'
import { profileSchema } from '#shared/schemas/users.ts'

/**
 * Changes names and language; `photo: null` removes the photo. A field that others change, such as `role`, must have
 * its current value.
 */
export default defineRealmRoute(
  { summary: 'Change the own account', access: 'signed-in', support: true, body: profileSchema, answer: meAnswer },
  async ({ app, authRealm, principal, body, audit, event }) => {
    refuseReadOnly(event, presentUser(authRealm, principal.user), adminFields)
    const user = await changeUser(app, authRealm, principal.user.id, body, audit, readIfMatch(event))
    return presentMe(authRealm, user, principal.session)
  },
)
