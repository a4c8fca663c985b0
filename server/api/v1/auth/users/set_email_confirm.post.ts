import { confirmEmailChange } from '#server/domain/users/account/email-change.ts'
import { defineRealmRoute } from '#server/http/route.ts'
import { linkSchema } from '#shared/schemas/users.ts'

export default defineRealmRoute(
  { summary: 'Confirm a change of address', access: 'public', body: linkSchema, status: 204 },
  ({ app, authRealm, body, audit }) => confirmEmailChange(app, authRealm, body, audit),
)
