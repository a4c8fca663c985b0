import type { AuthRealm } from '#server/domain/auth-realm.ts'
import { changeUser } from '#server/domain/users/change.ts'
import { presentUser } from '#server/domain/users/present.ts'
import { adminFields, requireVisibleUser } from '#server/domain/users/users.ts'
import { readJson } from '#server/http/body/body.ts'
import { refuseReadOnly } from '#server/http/body/read-only.ts'
import { readIfMatch } from '#server/http/route/precondition.ts'
import { defineRealmRoute } from '#server/http/route.ts'
import { userAnswer } from '#shared/answers/users.ts'
import type { Actor } from '#shared/permissions.ts'
import { canManageUsers } from '#shared/permissions.ts'
import { operatorChangeSchema } from '#shared/schemas/operators.ts'
import { profileSchema, userChangeSchema } from '#shared/schemas/users.ts'
import { validate } from '#shared/schemas/validate.ts'

/**
 * An Admin changes any user; Staff find only themselves, and change their names and language. A new `email` of another
 * user ends their sessions and links, and both addresses get a mail. The last active Admin must remain: 409
 * `last_admin`.
 */
export default defineRealmRoute(
  {
    summary: 'Change a user',
    access: 'signed-in',
    reauthentication: 'console',
    support: true,
    accepts: [userChangeSchema, operatorChangeSchema, profileSchema],
    answer: userAnswer,
  },
  async ({ app, authRealm, principal, params, audit, event }) => {
    const user = await requireVisibleUser(authRealm, principal.user, params.id!)
    refuseReadOnly(event, presentUser(authRealm, user), readOnlyFields(authRealm, principal.user))
    const input = readJson(event)
    const personal = validate(profileSchema, input)
    const wholeSchema = authRealm.kind === 'platform' ? operatorChangeSchema : userChangeSchema
    const change = canManageUsers(principal.user) ? { ...personal, ...validate(wholeSchema, input) } : personal
    return presentUser(authRealm, await changeUser(app, authRealm, params.id!, change, audit, readIfMatch(event)))
  },
)

function readOnlyFields({ kind }: AuthRealm, caller: Actor): (typeof adminFields)[number][] {
  if (!canManageUsers(caller)) return [...adminFields]
  return kind === 'platform' ? ['email', 'department', 'employee_id'] : []
}
