import { newId } from '#server/database/ids.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import { insertSession, mintPair } from '#server/domain/sessions/open.ts'
import type { LiveSession } from '#server/domain/sessions/tokens/tokens.ts'
import type { Role } from '#shared/answers/users.ts'
import type { Person } from '../database/templates.ts'
import type { Place, World } from '../world.ts'
import { addPerson, realmOf } from '../world.ts'

export interface OpenSession {
  session: LiveSession
  access: string
  refresh: string
}

export interface SignedIn extends OpenSession {
  person: Person
}

/** A new user with a session; without the sign-in endpoint, which would hash a password each time. */
export async function enter(world: World, place: Place, role: Role): Promise<SignedIn> {
  const email = `${role.toLowerCase()}-${newId()}@example.com`
  const person = await addPerson(world, place, email, { role: role as 'Admin' | 'Staff' })
  return { person, ...(await openSession(world, realmOf(world.app, place), person.id)) }
}

/** @param support the access by which an operator signs in as the user */
export async function openSession(
  { app }: World,
  authRealm: AuthRealm,
  user: string,
  support?: { id: string; operator_email: string; is_read_only: boolean; expires_at: Date },
): Promise<OpenSession> {
  const client = { ip: null, user_agent: null }
  const session = await insertSession(authRealm.realm.db, app, authRealm.realm, user, client, support)
  const { access, refresh } = await mintPair(app, authRealm, session)
  return { session, access: access.token, refresh: refresh.token }
}
