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
 * Adds signed-in users to a place. Without the sign-in endpoint, which would hash forty passwords.
 * @returns their cookies, and a unique name of each
 */
export async function addSignedIn(world: World, place: Place, count: number): Promise<SignedIn[]> {
  const { app } = world
  const authRealm = realmOf(app, place)
  const { realm } = authRealm
  const added: SignedIn[] = []
  // One after the other: on a slow machine, so many at once would wait for a connection for too long.
  for (let i = 0; i < count; i++) {
    const canary = `Canary${place.schema.slice(2, 4)}${i}Wren`
    const { id } = await createUser(
      app,
      authRealm,
      { email: `wren${i}@example.com`, password: null, first_name: canary },
      fromSystem,
    )
    const session = await insertSession(realm.db, app, realm, id, { ip: null, user_agent: null })
    const { access, refresh } = await mintPair(app, authRealm, session)
    added.push({ place, canary, cookies: { tenantry_access: access.token, tenantry_refresh: refresh.token } })
  }
  return added
}
