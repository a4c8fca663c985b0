import fc from 'fast-check'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fromSystem } from '#server/domain/context.ts'
import { resumeTenant, suspendTenant } from '#server/domain/tenants/lifecycle/suspension.ts'
import type { Person } from '../../support/database/templates.ts'
import type { Answer } from '../../support/http.ts'
import { volume } from '../../support/volume.ts'
import type { Place, World } from '../../support/world.ts'
import { addPerson, api, auth, createWorld, signInAs } from '../../support/world.ts'

/**
 * Compares random sequences of session operations with a model of what must be alive after each step. The same seed
 * gives the same sequences; `MODEL_SEED` sets another. A failure prints the seed and the steps.
 */
const seed = Number(process.env.MODEL_SEED ?? 20_260_924)

type Home = 'acme' | 'globex'
type Name = 'admin' | 'staff'

interface Session {
  home: Home
  name: Name
  accesses: string[]
  /** Oldest first; the index of each is its count. */
  refreshes: string[]
  /** How it ended: only a blacklisted token is reported as such; the others report that the session has ended. */
  ended?: 'blacklist' | 'otherwise'
}

interface Model {
  grace: boolean
  sessions: Session[]
  suspended: Set<Home>
  /** Keys such as `acme staff`. */
  inactive: Set<string>
}

interface Real {
  world: World
  /** An Admin of each tenant who is not part of the model. */
  offices: Record<Home, { access: string }>
}

type Command = fc.AsyncCommand<Model, Real>

describe.each([
  ['a grace that always lasts', '3600', true],
  ['no grace at all', '0', false],
] as const)('sessions with %s', (_, seconds, grace) => {
  let real: Real

  beforeAll(async () => {
    const world = await createWorld({ REFRESH_GRACE: seconds, ACCESS_TTL: '3600' })
    real = {
      world,
      offices: { acme: await openOffice(world, world.acme), globex: await openOffice(world, world.globex) },
    }
  })
  afterAll(() => real.world.stop())

  test(`exactly the tokens that should be alive are accepted after any sequence (seed ${seed})`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.commands(commands, { maxCommands: 60, size: 'max' }), async history => {
        await fc.asyncModelRun(async () => ({ model: await begin(real, grace), real }), history)
      }),
      { seed, numRuns: volume(5, 15), endOnFailure: true },
    )
  })
})

const homes = fc.constantFrom<Home>('acme', 'globex')
const names = fc.constantFrom<Name>('admin', 'staff')
const picks = fc.nat(99)
// Rare, so that most steps have an effect.
const rarely = fc.constantFrom(true, false, false, false)

const signingIn = fc.tuple(homes, names).map(([home, name]) =>
  step(
    `${home}'s ${name} signs in`,
    () => true,
    async (model, real) => {
      const answer = await placeOf(real, home).call(`${auth}/jwt/create/`, {
        body: credentials(placeOf(real, home)[name]),
      })
      if (model.suspended.has(home)) return expectRefusal(answer, 403, 'tenant_inactive')
      if (model.inactive.has(`${home} ${name}`))
        return expectRefusal(answer, 401, 'No active account found with the given credentials')
      expect(answer.status).toBe(200)
      model.sessions.push({ home, name, accesses: [answer.json.access], refreshes: [answer.json.refresh] })
      // Enough for every case; each step checks all sessions.
      if (model.sessions.length > 5) model.sessions.shift()
    },
  ),
)

const refreshing = picks.map(pick =>
  ofSession(pick, 'refreshes with the current token', 0, async (model, real, session) => {
    const answer = await refresh(real, session, session.refreshes.at(-1)!)
    const refusal = refusalOf(model, session, session.refreshes.length - 1)
    if (refusal) return expectRefusal(answer, ...refusal)
    rotated(session, [answer])
  }),
)

const commands: fc.Arbitrary<Command>[] = [
  // Repeated entries make a step more frequent.
  signingIn,
  signingIn,
  signingIn,
  refreshing,
  refreshing,
  refreshing,
  refreshing,

  picks.map(pick =>
    ofSession(pick, 'refreshes with the parent of the current token', 1, async (model, real, session) => {
      const answer = await refresh(real, session, session.refreshes.at(-2)!)
      const refusal = refusalOf(model, session, session.refreshes.length - 2)
      if (refusal) return expectRefusal(answer, ...refusal)
      if (!model.grace) return reused(session, answer)
      expect([answer.status, answer.json.refresh]).toEqual([200, session.refreshes.at(-1)])
      session.accesses.push(answer.json.access)
    }),
  ),

  fc.tuple(picks, picks).map(([pick, age]) =>
    ofSession(pick, 'refreshes with an older token', 2, async (model, real, session) => {
      const count = age % (session.refreshes.length - 2)
      const answer = await refresh(real, session, session.refreshes[count]!)
      const refusal = refusalOf(model, session, count)
      if (refusal) return expectRefusal(answer, ...refusal)
      reused(session, answer)
    }),
  ),

  fc.tuple(picks, fc.integer({ min: 2, max: 8 })).map(([pick, callers]) =>
    ofSession(pick, `refreshes ${callers} times at once`, 0, async (model, real, session) => {
      const token = session.refreshes.at(-1)!
      const answers = await Promise.all(Array.from({ length: callers }, () => refresh(real, session, token)))
      const refusal = refusalOf(model, session, session.refreshes.length - 1)
      if (refusal) return answers.forEach(answer => expectRefusal(answer, ...refusal))
      const winners = answers.filter(({ status }) => status === 200)
      rotated(session, winners)
      if (model.grace) return expect(winners).toHaveLength(callers)
      expect(winners).toHaveLength(1)
      for (const answer of answers) if (answer !== winners[0]) reused(session, answer)
    }),
  ),

  fc.tuple(picks, fc.boolean()).map(([pick, byParent]) =>
    ofSession(
      pick,
      `blacklists ${byParent ? 'the parent' : 'the current token'}`,
      byParent ? 1 : 0,
      async (model, real, session) => {
        const count = session.refreshes.length - (byParent ? 2 : 1)
        const answer = await placeOf(real, session.home).call(`${auth}/jwt/blacklist/`, {
          body: { refresh: session.refreshes[count] },
        })
        const refusal = refusalOf(model, session, count)
        if (refusal) return expectRefusal(answer, ...refusal)
        if (byParent && !model.grace) return reused(session, answer)
        expect([answer.status, answer.json]).toEqual([200, {}])
        session.ended = 'blacklist'
      },
    ),
  ),

  picks.map(pick =>
    ofSession(pick, 'signs out in the browser', 0, async (model, real, session) => {
      const cookies = { tenantry_access: session.accesses.at(-1)!, tenantry_refresh: session.refreshes.at(-1)! }
      const answer = await placeOf(real, session.home).call(`${auth}/session/`, {
        method: 'DELETE',
        cookies,
        sameOrigin: true,
      })
      if (model.suspended.has(session.home)) return expectRefusal(answer, 403, 'tenant_inactive')
      expect([answer.status, answer.cookies]).toEqual([204, { tenantry_access: '', tenantry_refresh: '' }])
      session.ended ??= 'otherwise'
    }),
  ),

  picks.map(pick =>
    ofSession(pick, 'is ended by its owner', 0, async (model, real, session) => {
      const answer = await placeOf(real, session.home).call(
        `${api}/sessions/${decodeJwt(session.accesses[0]!).sid as string}/`,
        { method: 'DELETE', token: session.accesses.at(-1) },
      )
      const refusal = refusalOfAccess(model, session)
      if (refusal) return expectRefusal(answer, ...refusal)
      expect(answer.status).toBe(204)
      session.ended = 'otherwise'
    }),
  ),

  picks.map(pick =>
    ofSession(pick, 'sets a new password', 0, async (model, real, session) => {
      const person = placeOf(real, session.home)[session.name]
      const new_password = person.password.endsWith(' again')
        ? person.password.slice(0, -6)
        : `${person.password} again`
      const answer = await placeOf(real, session.home).call(`${auth}/users/set_password/`, {
        token: session.accesses.at(-1),
        body: { current_password: person.password, new_password },
      })
      const refusal = refusalOfAccess(model, session)
      if (refusal) return expectRefusal(answer, ...refusal)
      expect(answer.status).toBe(204)
      person.password = new_password
      for (const other of model.sessions)
        if (other !== session && isOf(other, session.home, session.name)) other.ended ??= 'otherwise'
    }),
  ),

  fc
    .tuple(
      homes,
      names,
      rarely.map(rare => !rare),
    )
    .map(([home, name, is_active]) =>
      step(
        `${home}'s ${name} is ${is_active ? 'activated' : 'deactivated'}`,
        model => !model.suspended.has(home),
        async (model, real) => {
          await setActive(real, home, name, is_active)
          if (is_active) return void model.inactive.delete(`${home} ${name}`)
          model.inactive.add(`${home} ${name}`)
          for (const session of model.sessions) if (isOf(session, home, name)) session.ended ??= 'otherwise'
        },
      ),
    ),

  fc.tuple(homes, rarely).map(([home, suspend]) =>
    step(
      `${home} is ${suspend ? 'suspended' : 'resumed'}`,
      model => model.suspended.has(home) !== suspend,
      async (model, real) => {
        await setSuspended(real, home, suspend)
        if (suspend) model.suspended.add(home)
        else model.suspended.delete(home)
      },
    ),
  ),

  picks.map(pick =>
    ofSession(pick, 'is presented at the other tenant', 0, async (model, real, session) => {
      const home = session.home === 'acme' ? 'globex' : 'acme'
      const elsewhere = placeOf(real, home)
      const [access, refresh] = [session.accesses.at(-1)!, session.refreshes.at(-1)!]
      const answers = await Promise.all([
        elsewhere.call(`${auth}/users/me/`, { token: access }),
        elsewhere.call(`${auth}/jwt/refresh/`, { body: { refresh } }),
        elsewhere.call(`${auth}/jwt/blacklist/`, { body: { refresh } }),
        elsewhere.call(`${auth}/jwt/verify/`, { body: { token: access } }),
      ])
      const [status, code] = model.suspended.has(home)
        ? ([403, 'tenant_inactive'] as const)
        : ([401, 'token_not_valid'] as const)
      for (const answer of answers) expectRefusal(answer, status, code)
    }),
  ),
]

/** A step, after which exactly the model's tokens must be valid. */
function step(
  title: string,
  check: (model: Readonly<Model>) => boolean,
  run: (model: Model, real: Real) => Promise<unknown>,
): Command {
  return {
    check,
    async run(model, real) {
      await run(model, real)
      await Promise.all(model.sessions.map(session => expectAsModelled(model, real, session)))
    },
    toString: () => title,
  }
}

/** A step with one of the sessions that have been refreshed often enough. */
function ofSession(
  pick: number,
  title: string,
  refreshes: number,
  run: (model: Model, real: Real, session: Session) => Promise<unknown>,
): Command {
  const candidates = (model: Readonly<Model>) => model.sessions.filter(session => session.refreshes.length > refreshes)
  const chosen = (model: Readonly<Model>) => candidates(model)[pick % candidates(model).length]!
  return step(
    `#${pick} ${title}`,
    model => candidates(model).length > 0,
    (model, real) => run(model, real, chosen(model)),
  )
}

async function expectAsModelled(model: Model, real: Real, session: Session): Promise<void> {
  const place = placeOf(real, session.home)
  const verify = async (token: string) => (await place.call(`${auth}/jwt/verify/`, { body: { token } })).status
  const refusal = refusalOfAccess(model, session)
  const verdict = (good: boolean) => {
    if (model.suspended.has(session.home)) return 403
    return good ? 200 : 401
  }

  await Promise.all(
    [session.accesses[0]!, session.accesses.at(-1)!].map(async token => {
      const answer = await place.call(`${auth}/users/me/`, { token })
      if (refusal) expectRefusal(answer, ...refusal)
      else
        expect([answer.status, answer.json.id, answer.json.organization]).toEqual([
          200,
          place[session.name].id,
          place.id,
        ])
      expect(await verify(token)).toBe(verdict(!refusal))
    }),
  )
  const newest = session.refreshes.length - 1
  await Promise.all(
    session.refreshes.map(async (token, count) => {
      if (count < newest - 3) return
      const good = count === newest || (count === newest - 1 && model.grace)
      expect(await verify(token)).toBe(verdict(!refusal && good))
    }),
  )
}

/** Why the session's access token is refused, as status and code; undefined if it is valid. */
function refusalOfAccess(model: Model, session: Session): readonly [number, string] | undefined {
  if (model.suspended.has(session.home)) return [403, 'tenant_inactive']
  if (model.inactive.has(`${session.home} ${session.name}`)) return [401, 'user_inactive']
  return session.ended ? [401, 'session_revoked'] : undefined
}

/** Why the session's refresh token of this count is refused, apart from its age, as status and code or detail. */
function refusalOf(model: Model, session: Session, count: number): readonly [number, string] | undefined {
  if (model.suspended.has(session.home)) return [403, 'tenant_inactive']
  if (model.inactive.has(`${session.home} ${session.name}`))
    return [401, 'No active account found for the given token.']
  if (!session.ended) return undefined
  return [
    401,
    session.ended === 'blacklist' || count < session.refreshes.length - 1 ? 'Token is blacklisted' : 'session_revoked',
  ]
}

function rotated(session: Session, answers: Answer[]): void {
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
  const successors = new Set(answers.map(({ json }) => json.refresh as string))
  expect(successors.size).toBe(1)
  expect(session.refreshes).not.toContain([...successors][0])
  session.refreshes.push(...successors)
  session.accesses.push(...answers.map(({ json }) => json.access as string))
}

function reused(session: Session, answer: Answer): void {
  expectRefusal(answer, 401, 'Token is blacklisted')
  session.ended = 'otherwise'
}

function expectRefusal(answer: Answer, status: number, codeOrDetail: string): void {
  expect(answer.status).toBe(status)
  expect([answer.json.code, answer.json.detail]).toContain(codeOrDetail)
}

/** Activates all users and tenants; sessions of earlier sequences are no longer checked. */
async function begin(real: Real, grace: boolean): Promise<Model> {
  for (const home of ['acme', 'globex'] as const) {
    await setSuspended(real, home, false)
    for (const name of ['admin', 'staff'] as const) await setActive(real, home, name, true)
  }
  return { grace, sessions: [], suspended: new Set(), inactive: new Set() }
}

async function setActive(real: Real, home: Home, name: Name, is_active: boolean): Promise<void> {
  const place = placeOf(real, home)
  const answer = await place.call(`${auth}/users/${place[name].id}/`, {
    method: 'PATCH',
    token: real.offices[home].access,
    body: { is_active },
  })
  expect([answer.status, answer.json.is_active]).toEqual([200, is_active])
}

/** Suspends or resumes a tenant, and waits until the server knows. */
async function setSuspended(real: Real, home: Home, suspended: boolean): Promise<void> {
  const { app } = real.world
  const { id } = real.world[home]
  await (suspended ? suspendTenant(app, id, null, fromSystem) : resumeTenant(app, id, fromSystem)).catch(
    (error: { status?: number }) => {
      if (error.status !== 409) throw error
    },
  )
  await expect
    .poll(async () => (await placeOf(real, home).call('/.well-known/jwks.json')).status, { interval: 10 })
    .toBe(suspended ? 403 : 200)
}

async function openOffice(world: World, place: Place): Promise<{ access: string }> {
  return signInAs(place, await addPerson(world, place, 'office@example.com', { role: 'Admin' }))
}

function refresh(real: Real, session: Session, token: string): Promise<Answer> {
  return placeOf(real, session.home).call(`${auth}/jwt/refresh/`, { body: { refresh: token } })
}

const placeOf = (real: Real, home: Home): Place => real.world[home]
const credentials = ({ email, password }: Person) => ({ email, password })
const isOf = (session: Session, home: Home, name: Name) => session.home === home && session.name === name
