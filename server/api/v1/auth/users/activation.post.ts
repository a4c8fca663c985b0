import { activate } from '#server/domain/users/account/activation.ts'
import { defineRealmRoute } from '#server/http/route.ts'
import { linkSchema } from '#shared/schemas/users.ts'

/** 403 if there is nothing to activate. */
export default defineRealmRoute(
  { summary: 'Activate an account', access: 'public', body: linkSchema, status: 204 },
  ({ app, authRealm, body, audit }) => activate(app, authRealm, body, audit),
)
