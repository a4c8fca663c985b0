import { forbidden } from '../../../../../shared/errors.ts'
import { canManageUsers } from '../../../../../shared/permissions.ts'
import { newUserSchema } from '../../../../../shared/schemas/user.ts'
import { requirePrincipal } from '../../../../domain/principal.ts'
import { createUser } from '../../../../domain/users.ts'
import { readJson } from '../../../../http/body.ts'
import { validate } from '../../../../../shared/schemas/validate.ts'
import { readAccessToken } from '../../../../http/credentials.ts'
import { presentUser } from '../../../../http/present.ts'
import { defineRealmRoute } from '../../../../http/route.ts'

/** Registration, which is by invitation; an Admin creates people, with the role that she says. */
export default defineRealmRoute({ access: 'public', status: 201 }, async ({ app, authRealm, origin, event }) => {
  const token = readAccessToken(event, app.config)
  const principal = token ? await requirePrincipal(app, authRealm, token) : undefined
  if (!principal || !canManageUsers(principal.user)) throw forbidden('Registration is by invitation.', 'registration_closed')
  const { re_password, ...input } = validate(newUserSchema, await readJson(event))
  const user = await createUser(app, authRealm, input, { ...origin, actor: principal.user.id })
  return presentUser(authRealm, user)
})
