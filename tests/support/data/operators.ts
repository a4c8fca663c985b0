import { platformAuthRealm } from '#server/domain/auth-realm.ts'
import { fromSystem } from '#server/domain/context.ts'
import { createUser } from '#server/domain/users/create.ts'
import type { Role } from '#shared/answers/users.ts'
import type { Person } from '../database/templates.ts'
import type { World } from '../world.ts'
import { auth, signInAs } from '../world.ts'

export interface Operator extends Person {
  token: string
}

/** Adds an operator with a password, and signs in as them. */
export async function addOperator(world: World, email: string, role: Role): Promise<Operator> {
  const password = 'an unlikely row of words'
  const realm = platformAuthRealm(world.app.database, world.console.origin)
  const { id } = await createUser(world.app, realm, { email, password, role }, fromSystem)
  const { access } = await signInAs(world.console, { id, email, password })
  return { id, email, password, token: access }
}

/**
 * Opens a support session as the user, with an operator's link.
 * @returns its cookies, and the access token in them
 */
export async function openSupport(
  world: World,
  operator: string,
  person: Person,
  options: { is_read_only?: boolean } = {},
): Promise<{ id: string; cookies: Record<string, string>; token: string }> {
  const { json } = await world.console.call(`/api/v1/tenants/${world.acme.id}/support-accesses/`, {
    token: operator,
    body: { user: person.id, reason: 'Ticket 4711', ...options },
  })
  const { cookies } = await world.acme.call(`${auth}/session/support/`, {
    body: { token: new URL(json.url).pathname.split('/').at(-1) },
    sameOrigin: true,
  })
  return { id: json.id, cookies, token: cookies.tenantry_access! }
}
