import { eq } from 'drizzle-orm'
import { newId } from '#server/database/ids.ts'
import { suspendTenant } from '#server/domain/tenants/lifecycle/suspension.ts'
import { fromSystem } from '#server/domain/context.ts'
import { tenantRealmOf } from '#server/domain/tenants/origins.ts'
import type { Role } from '#shared/answers/users.ts'
import { takeApart } from '../data/forge.ts'
import type { Person } from '../database/templates.ts'
import type { Call } from '../http.ts'
import type { Place, World } from '../world.ts'
import { addPerson, realmOf } from '../world.ts'
import type { SignedIn } from './people.ts'
import { enter, openSession } from './people.ts'
import type { Setting } from './setting.ts'
import { addTenant } from './fresh.ts'
import type { Standing, Verdict } from './verdicts.ts'

/** Somebody who sends requests to a host. */
export interface Caller extends Standing {
  name: string
  host: string
  credentials: Pick<Call, 'token' | 'cookies'>
  person?: Person
  /** Stands for all where the credentials make no difference: on another surface, and on public routes. */
  represents?: boolean
  /** The id of their session. */
  session?: string
  /** Another one like this, for a request that may end the account or the session. */
  again?: () => Promise<Caller>
}

const invalidToken: Verdict = { status: 401, code: 'token_not_valid' }

/** Everyone who may send a request to a portal, the console or the site: each role with each kind of credential. */
export async function createCallers(setting: Setting): Promise<Caller[]> {
  const { world } = setting
  const { acme, globex, console } = world
  const [stranger, operator, closed] = [
    await enter(world, globex, 'Admin'),
    await enter(world, console, 'Admin'),
    await closedTenant(setting),
  ]
  const onSite = { surface: 'site', host: setting.siteHost } as const
  return [
    { ...onSite, name: 'a visitor of the site', credentials: {}, represents: true },
    { ...onSite, name: "an Admin's token on the site", credentials: { token: stranger.access }, represents: true },
    ...(await standardCallers(world, acme, 'portal', ['Staff', 'Admin'])),
    ...(await supportCallers(world)),
    {
      ...refused(acme, 'portal', 'an Admin of another organisation', invalidToken, { token: stranger.access }),
      represents: true,
    },
    refused(acme, 'portal', 'cookies of another organisation', invalidToken, cookiesOf(stranger)),
    refused(acme, 'portal', 'an operator on a portal', invalidToken, { token: operator.access }),
    closed,
    ...(await standardCallers(world, console, 'console', ['Staff', 'Support', 'Admin'])),
    refused(console, 'console', 'an Admin of an organisation on the console', invalidToken, { token: stranger.access }),
  ]
}

async function standardCallers(
  world: World,
  place: Place,
  surface: 'portal' | 'console',
  roles: Role[],
): Promise<Caller[]> {
  const { db, tables } = realmOf(world.app, place).realm
  const { users, sessions } = tables
  const at = { surface, host: place.host }
  const admin = () => enter(world, place, 'Admin')
  const [refresh, inactive, deleted, expired, revoked] = await Promise.all(Array.from({ length: 5 }, admin))
  const now = new Date()
  await db.update(users).set({ deactivated_at: now }).where(eq(users.id, inactive!.person.id))
  await db.delete(users).where(eq(users.id, deleted!.person.id))
  await db.update(sessions).set({ revoked_at: now }).where(eq(sessions.id, revoked!.session.id))
  const past = Math.floor(Date.now() / 1000) - 60
  const old = await takeApart(world, place, expired!.access).with({ claims: { iat: past - 120, exp: past } })
  const withToken = (name: string, { access }: SignedIn, refusal: Verdict) =>
    refused(place, surface, name, refusal, { token: access })
  return [
    { ...at, name: `a visitor of the ${surface}`, credentials: {}, represents: true },
    ...(await Promise.all(
      roles.map(role =>
        repeatable(async () => signedIn(at, `${role} on the ${surface}`, role, await enter(world, place, role))),
      ),
    )),
    await repeatable(async () => {
      const person = await admin()
      return signedIn(at, 'an Admin with cookies', 'Admin', person, cookiesOf(person))
    }),
    await repeatable(async () => {
      const person = await admin()
      await db.update(users).set({ role: 'Staff' }).where(eq(users.id, person.person.id))
      return signedIn(at, 'an Admin who was demoted a moment ago', 'Staff', person)
    }),
    await repeatable(async () => {
      const person = await admin()
      await db.update(sessions).set({ enrol_from: now }).where(eq(sessions.id, person.session.id))
      return { ...signedIn(at, 'an Admin who must add a second factor', 'Admin', person), mustEnrol: true }
    }),
    await repeatable(async () => {
      const person = await admin()
      const authenticated_at = new Date(now.getTime() - 16 * 60_000)
      await db.update(sessions).set({ authenticated_at }).where(eq(sessions.id, person.session.id))
      return { ...signedIn(at, 'an Admin who signed in a while ago', 'Admin', person), isStale: true }
    }),
    refused(place, surface, 'a refresh token', invalidToken, { token: refresh!.refresh }),
    refused(place, surface, 'an expired token', invalidToken, { token: old }),
    withToken('a deactivated Admin', inactive!, { status: 401, code: 'user_inactive' }),
    withToken('a deleted Admin', deleted!, { status: 401, code: 'user_not_found' }),
    withToken('an Admin whose session was revoked', revoked!, { status: 401, code: 'session_revoked' }),
  ]
}

async function repeatable(make: () => Promise<Caller>): Promise<Caller> {
  return { ...(await make()), again: make }
}

async function supportCallers(world: World): Promise<Caller[]> {
  const combinations = [
    ['Admin', true],
    ['Admin', false],
    ['Staff', false],
  ] as const
  return Promise.all(combinations.map(([role, isReadOnly]) => repeatable(() => bySupport(world, role, isReadOnly))))
}

/** An operator who has signed in as a user. */
async function bySupport(world: World, role: Role, is_read_only: boolean): Promise<Caller> {
  const { acme, console, app } = world
  const person = await addPerson(world, acme, `supported-${newId()}@example.com`, { role: role as 'Admin' })
  const { db, tables } = app.database.platform
  const now = new Date()
  const operator_email = console.admin.email
  const access = { id: newId(), operator_email, is_read_only, expires_at: new Date(now.getTime() + 3_600_000) }
  await db.insert(tables.support_accesses).values({
    ...access,
    tenant: acme.id,
    user_id: person.id,
    user_email: person.email,
    operator: console.admin.id,
    reason: 'Ticket 4711',
    token_hash: newId(),
    created: now,
    opened_at: now,
  })
  const session = await openSession(world, realmOf(app, acme), person.id, access)
  const support = is_read_only ? 'read-only' : 'full'
  const at = { surface: 'portal', host: acme.host, support } as const
  return signedIn(at, `support as ${role}, ${support}`, role, { person, ...session }, cookiesOf(session))
}

async function closedTenant({ world }: Setting): Promise<Caller> {
  const { app } = world
  const { tenant, admin } = await addTenant(world)
  const { access } = await openSession(world, tenantRealmOf(app, tenant), admin.id)
  await suspendTenant(app, tenant.id, null, fromSystem)
  const host = `${tenant.subdomain}.localhost:${world.port}`
  const at = { surface: 'portal', host, isClosed: true } as const
  return { ...at, name: 'an Admin of a suspended organisation', credentials: { token: access } }
}

function signedIn(
  at: Pick<Caller, 'surface' | 'host' | 'support'>,
  name: string,
  role: Role,
  { person, session, access }: SignedIn,
  credentials: Caller['credentials'] = { token: access },
): Caller {
  return { ...at, name, role, credentials, person, session: session.id }
}

function refused(
  { host }: Place,
  surface: 'portal' | 'console',
  name: string,
  refusal: Verdict,
  credentials: Caller['credentials'],
): Caller {
  return { surface, host, name, refusal, credentials }
}

function cookiesOf({ access, refresh }: Pick<SignedIn, 'access' | 'refresh'>): Caller['credentials'] {
  return { cookies: { tenantry_access: access, tenantry_refresh: refresh } }
}
