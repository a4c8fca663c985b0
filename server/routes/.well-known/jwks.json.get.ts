import { defineRealmRoute } from '#server/http/route.ts'
import { keySetAnswer } from '#shared/answers/keys.ts'

export default defineRealmRoute(
  { summary: 'Get the public keys', access: 'public', answer: keySetAnswer },
  async ({ app, authRealm }) => {
    const { jwks } = await app.keys.get(authRealm.realm)
    return jwks
  },
)
