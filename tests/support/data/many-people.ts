import { fromSystem } from '#server/domain/context.ts'
import { insertSession, mintPair } from '#server/domain/sessions/open.ts'
import { createUser } from '#server/domain/users/create.ts'
import type { Place, World } from '../world.ts'
import { realmOf } from '../world.ts'

export interface SignedIn {
  place: Place
  canary: string
  cookies: Record<string, string>
}

/**
 * Adds people to a place who are signed in: not through the door, as forty passwords would be hashed for nothing.
 * @returns their cookies, and the name that is each one's alone
 */
export async function addSignedIn(world: World, place: Place, count: number): Promise<SignedIn[]> {
  const { app } = world
  const authRealm = realmOf(app, place)
  const { realm } = authRealm
  return Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const canary = `Canary${place.schema.slice(2, 4)}${i}Wren`
      const { id } = await createUser(
        app,
        authRealm,
        { email: `wren${i}@example.com`, password: null, first_name: canary },
        fromSystem,
      )
      const session = await insertSession(realm.db, app, realm, id, { ip: null, user_agent: null })
      const { access, refresh } = await mintPair(app, authRealm, session)
      return { place, canary, cookies: { tenantry_access: access.token, tenantry_refresh: refresh.token } }
    }),
  )
}
