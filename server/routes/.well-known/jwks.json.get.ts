import { defineRealmRoute } from '#server/http/route.ts'

export default defineRealmRoute({ summary: 'Get the public keys', access: 'public' }, async ({ app, authRealm }) => {
  const { jwks } = await app.keys.get(authRealm.realm)
  return jwks
})
