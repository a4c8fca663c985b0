import { eq, sql } from 'drizzle-orm'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { loadMigrations } from '#server/database/migrations/files.ts'
import { writeStanding } from '#server/database/migrations/standing.ts'
import type { TenantRealm } from '#server/database/realms.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import { tenantAuthRealm } from '#server/domain/auth-realm.ts'
import type { App } from '#server/domain/context.ts'
import { fromSystem } from '#server/domain/context.ts'
import { newSigningKey } from '#server/domain/keys/ring.ts'
import { insertSession, mintPair } from '#server/domain/sessions/open.ts'
import { requirePrincipal } from '#server/domain/sessions/principal.ts'
import type { VerifiedTokens } from '#server/domain/sessions/tokens/verified.ts'
import { createVerifiedTokens } from '#server/domain/sessions/tokens/verified.ts'
import { createTenant } from '#server/domain/tenants/create.ts'
import type { ApiError } from '#shared/errors.ts'
import type { Workbench } from '../../support/process/workbench.ts'
import { createWorkbench } from '../../support/process/workbench.ts'

/**
 * A process that remembers verified tokens answers every token as one does that remembers nothing. The same seed gives
 * the same sequences; `MODEL_SEED` sets another.
 */
const seed = Number(process.env.MODEL_SEED ?? 20_261_129)

const nothing: VerifiedTokens = { find: () => undefined, add: () => {} }
const remembered = createVerifiedTokens()
let recalls = 0
const counted: VerifiedTokens = {
  add: remembered.add,
  find: token => {
    const known = remembered.find(token)
    if (known) recalls++
    return known
  },
}

let workbench: Workbench
let remembering: App
let forgetful: App
const realms: AuthRealm<TenantRealm>[] = []

beforeAll(async () => {
  workbench = await createWorkbench()
  remembering = { ...workbench.app, verifiedTokens: counted }
  forgetful = { ...workbench.app, verifiedTokens: nothing }
  for (const subdomain of ['acme', 'globex']) realms.push(await makeRealm(subdomain))
})
afterEach(() => vi.useRealTimers())
afterAll(() => workbench.close())

describe('a token that a process remembers', () => {
  test(`is answered after any change as if it were not remembered (seed ${seed})`, async () => {
    recalls = 0
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { minLength: 5, maxLength: 25 }), async history => {
        vi.useFakeTimers({ toFake: ['Date'] })
        const tokens: string[] = []
        for (const [name, place] of history) {
          await changes[name]!(realms[place]!, tokens)
          workbench.app.keys.forget(realms[place]!.realm.schema)
          await expectAlike(tokens)
        }
        vi.useRealTimers()
        for (const authRealm of realms) await restore(authRealm)
      }),
      { seed, numRuns: 25, endOnFailure: true },
    )
    expect(recalls).toBeGreaterThan(500)
  })

  test('is forgotten when others need its room', () => {
    const tokens = createVerifiedTokens(2)
    for (const token of ['first', 'second', 'third']) tokens.add(token, { kid: token } as never)
    expect(['first', 'second', 'third'].map(token => tokens.find(token)?.kid)).toEqual([undefined, 'second', 'third'])
  })
})

const changes: Record<string, (authRealm: AuthRealm<TenantRealm>, tokens: string[]) => unknown> = {
  'signs in': async (authRealm, tokens) => {
    const { realm } = authRealm
    const rows = await realm.db.select({ id: realm.tables.users.id }).from(realm.tables.users)
    const session = await insertSession(realm.db, remembering, realm, rows[0]!.id, { ip: null, user_agent: null })
    // Half of them are verified by another process than the one that made them.
    const maker = tokens.length % 2 ? remembering : forgetful
    tokens.push((await mintPair(maker, authRealm, session)).access.token)
  },
  'ends all sessions': ({ realm: { db, tables } }) => db.update(tables.sessions).set({ revoked_at: new Date() }),
  'deactivates the user': ({ realm: { db, tables } }) => db.update(tables.users).set({ deactivated_at: new Date() }),
  'activates the user': ({ realm: { db, tables } }) => db.update(tables.users).set({ deactivated_at: null }),
  'is suspended': authRealm => setStatus(authRealm, 'suspended'),
  'is resumed': authRealm => setStatus(authRealm, 'active'),
  'gets a new key': async ({ realm }) => {
    const now = new Date()
    const { signing_keys: keys } = realm.tables
    const key = await newSigningKey(realm.schema, workbench.app.config.secret, now)
    await realm.transaction(async tx => {
      await tx
        .update(keys)
        .set({ retired_at: now })
        .where(sql`${keys.retired_at} is null`)
      await tx.insert(keys).values(key)
    })
  },
  'drops its retired keys': ({ realm: { db, tables } }) =>
    db.delete(tables.signing_keys).where(sql`${tables.signing_keys.retired_at} is not null`),
  'has another origin': authRealm => {
    authRealm.origin = authRealm.origin.replace(/\/\/(new-)*/, '//new-')
  },
  'waits a minute': () => vi.setSystemTime(Date.now() + 61_000),
}

const steps = fc.tuple(
  fc.oneof(
    { weight: 3, arbitrary: fc.constant('signs in') },
    { weight: 5, arbitrary: fc.constantFrom(...Object.keys(changes)) },
  ),
  fc.nat(1),
)

/** Each token, at its own tenant and at the other one, twice: the second use may be remembered. */
async function expectAlike(tokens: string[]) {
  for (const token of tokens)
    for (const authRealm of realms) {
      const expected = await answerOf(forgetful, authRealm, token)
      for (let use = 0; use < 2; use++) expect(await answerOf(remembering, authRealm, token)).toEqual(expected)
    }
}

async function answerOf(app: App, authRealm: AuthRealm, token: string): Promise<unknown> {
  try {
    const { user, session } = await requirePrincipal(app, authRealm, token, fromSystem)
    return { user: user.id, session: session.id }
  } catch (error) {
    const { status, body } = error as ApiError
    return { status, body }
  }
}

async function setStatus({ id, realm: { schema } }: AuthRealm, status: 'active' | 'suspended') {
  const { tenants } = workbench.app.database.platform.tables
  await workbench.app.database.platform.transaction(async tx => {
    await tx.update(tenants).set({ status }).where(eq(tenants.id, id))
    await writeStanding(tx, schema)
  })
}

async function restore(authRealm: AuthRealm<TenantRealm>) {
  const { realm } = authRealm
  await realm.db.update(realm.tables.users).set({ deactivated_at: null })
  await setStatus(authRealm, 'active')
}

async function makeRealm(subdomain: string): Promise<AuthRealm<TenantRealm>> {
  const { app } = workbench
  const { tenant } = await createTenant(
    app,
    loadMigrations('.', 'tenant'),
    {
      name: subdomain,
      subdomain,
      business_email: `office@${subdomain}.example`,
      business_phone_number: '',
      admin_email: `admin@${subdomain}.example`,
      admin_password: 'an unlikely row of words',
    },
    fromSystem,
  )
  return tenantAuthRealm(app.database, { ...tenant, origin: app.config.originOf(`${subdomain}.localhost`) })
}
