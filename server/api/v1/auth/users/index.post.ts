import { register, requireOpenRegistration } from '#server/domain/users/account/registration.ts'
import { createUser, createUserByMail } from '#server/domain/users/create.ts'
import { presentUser } from '#server/domain/users/present.ts'
import { readJson } from '#server/http/body/body.ts'
import { defineRealmRoute } from '#server/http/route.ts'
import { userAnswer } from '#shared/answers/users.ts'
import { canManageUsers } from '#shared/permissions.ts'
import { newOperatorSchema } from '#shared/schemas/operators.ts'
import { newUserSchema, registrationSchema } from '#shared/schemas/users.ts'
import { validate } from '#shared/schemas/validate.ts'

/**
 * An Admin creates users with any role; without a password, the user gets a mail with a link to choose one. Anyone else
 * registers, where `registration` is `open`: this creates inactive Staff and sends the activation mail. Otherwise it is
 * 403 `registration_closed`.
 */
export default defineRealmRoute(
  {
    summary: 'Create a user, or register',
    access: 'public',
    reauthentication: 'console',
    idempotency: 'once',
    status: 201,
    accepts: [newUserSchema, newOperatorSchema, registrationSchema],
    answer: userAnswer,
  },
  async ({ app, authRealm, audit, identify, event }) => {
    const principal = await identify()
    if (principal && canManageUsers(principal.user)) {
      const { re_password, ...input } = validate(
        authRealm.kind === 'platform' ? newOperatorSchema : newUserSchema,
        readJson(event),
      )
      const create = input.password === null ? createUserByMail : createUser
      return presentUser(authRealm, await create(app, authRealm, input, { ...audit, actor: principal.user.id }))
    }
    const rules = await requireOpenRegistration(authRealm)
    const { re_password, ...input } = validate(registrationSchema, readJson(event))
    return presentUser(authRealm, await register(app, authRealm, input, rules, audit))
  },
)
