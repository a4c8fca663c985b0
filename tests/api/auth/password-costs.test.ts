import { createHmac } from 'node:crypto'
import { compare, getRounds, hash } from 'bcrypt'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadMigrations } from '#server/database/migrations/files.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import { tenantAuthRealm } from '#server/domain/auth-realm.ts'
import type { App } from '#server/domain/context.ts'
import { fromSystem } from '#server/domain/context.ts'
import { createHashing } from '#server/domain/sessions/hashing.ts'
import { signIn } from '#server/domain/sessions/sign-in.ts'
import { createTenant } from '#server/domain/tenants/create.ts'
import { createUser } from '#server/domain/users/create.ts'
import type { Workbench } from '../../support/process/workbench.ts'
import { createWorkbench } from '../../support/process/workbench.ts'

const password = 'an unlikely row of words'

let workbench: Workbench
/** The work of bcrypt since the last query: the sum of two to the power of each hash's cost. */
let rounds = 0
const bcrypt = {
  hash: (text: string, salt: string | number) => {
    rounds += 2 ** (typeof salt === 'number' ? salt : Number(salt.slice(4, 6)))
    return hash(text, salt)
  },
  compare: (text: string, stored: string) => {
    rounds += 2 ** getRounds(stored)
    return compare(text, stored)
  },
}

beforeAll(async () => {
  workbench = await createWorkbench()
})
afterAll(() => workbench.close())

describe('a refused sign-in costs the same hashing for every account', () => {
  test.each([
    ['was raised', 'raised', 6, [4, 5, 6]],
    ['was lowered', 'lowered', 4, [4, 5, 6]],
    ['was raised and lowered', 'mixed', 5, [4, 6]],
    ['was raised, and nobody has signed in since', 'asleep', 6, [4]],
    ['was lowered, and everybody has signed in since', 'renewed', 4, [4]],
    ['is what it always was', 'constant', 5, [5]],
  ])('where the cost %s', async (_what, subdomain, cost, costs) => {
    const authRealm = await createRealm(subdomain)
    await addPeople(authRealm, costs)
    const app = appAt(cost)
    const emails = [
      ...costs.map(cost => `cost-${cost}@example.com`),
      'nobody@example.com',
      'invited@example.com',
      'inactive@example.com',
    ]
    const work: Record<string, number> = {}
    for (const email of ['warm-up@example.com', ...emails]) work[email] = await refusalWork(app, authRealm, email)
    const { 'warm-up@example.com': _, ...counted } = work
    expect(new Set(Object.values(counted))).toEqual(new Set([2 ** Math.max(cost, ...costs)]))
  })

  test("and an organisation's own hashes alone decide", async () => {
    const [costly, cheap] = [await createRealm('costly'), await createRealm('cheap')]
    await addPeople(costly, [7])
    await addPeople(cheap, [4])
    const app = appAt(4)
    await refusalWork(app, cheap, 'warm-up@example.com')
    expect(await refusalWork(app, cheap, 'nobody@example.com')).toBe(2 ** 4)
    expect(await refusalWork(app, costly, 'nobody@example.com')).toBe(2 ** 7)
  })

  test('and after a sign-in the hash has the current cost', async () => {
    const authRealm = await createRealm('let-in')
    await addPeople(authRealm, [4, 6])
    const app = appAt(5)
    for (const email of ['cost-4@example.com', 'cost-6@example.com'])
      await signIn(app, authRealm, { email, password }, fromSystem, null)
    const {
      db,
      tables: { users },
    } = authRealm.realm
    const rows = await db.select({ email: users.email, password: users.password }).from(users)
    for (const row of rows.filter(({ email }) => /^cost/.test(email))) expect(getRounds(row.password!)).toBe(5)
  })
})

describe('while PEPPER has a fallback', () => {
  const former = 'the pepper of before, thirty-two bytes'

  test.each([
    ['is what it was', 'pepper-same', 5, [5]],
    ['was raised', 'pepper-raised', 6, [4, 5, 6]],
    ['was lowered', 'pepper-lowered', 4, [4, 5, 6]],
  ])(
    'a refused sign-in costs twice as much for every account, where the cost %s',
    async (_, subdomain, cost, costs) => {
      const authRealm = await createRealm(subdomain)
      await addPeople(authRealm, costs, former)
      await createUser(appAt(costs[0]!), authRealm, { email: 'renewed@example.com', password }, fromSystem)
      const app = appAt(cost, former)
      await refusalWork(app, authRealm, 'warm-up@example.com')
      const emails = [...costs.map(cost => `cost-${cost}`), 'renewed', 'nobody', 'invited', 'inactive']
      for (const name of emails)
        expect([name, await refusalWork(app, authRealm, `${name}@example.com`)]).toEqual([
          name,
          2 * 2 ** Math.max(...costs),
        ])
    },
  )

  test('a sign-in hashes with PEPPER what was hashed with the fallback or before hashes had a mark, once', async () => {
    const authRealm = await createRealm('pepper-renewed')
    const { db, tables } = authRealm.realm
    await addPeople(authRealm, [4], former)
    await createUser(appAt(4), authRealm, { email: 'unmarked@example.com', password }, fromSystem)
    const { current } = workbench.app.config.pepper
    const text = createHmac('sha384', current).update(password).digest('base64')
    await db
      .update(tables.users)
      .set({ password: await hash(text, 4) })
      .where(eq(tables.users.email, 'unmarked@example.com'))
    for (const email of ['cost-4@example.com', 'unmarked@example.com']) {
      const read = async () => {
        const rows = await db.select().from(tables.users).where(eq(tables.users.email, email))
        return rows[0]!.password
      }
      const stored = await read()
      await signIn(appAt(4, former), authRealm, { email, password }, fromSystem, null)
      const renewed = await read()
      expect(renewed).not.toBe(stored)
      await signIn(appAt(4, former), authRealm, { email, password }, fromSystem, null)
      await signIn(appAt(4), authRealm, { email, password }, fromSystem, null)
      expect(await read()).toBe(renewed)
    }
  })

  test('a sign-in with a hash of before marks is not hashed again without a fallback', async () => {
    const authRealm = await createRealm('pepper-unmarked')
    const { db, tables } = authRealm.realm
    await createUser(appAt(4), authRealm, { email: 'unmarked@example.com', password }, fromSystem)
    const text = createHmac('sha384', workbench.app.config.pepper.current).update(password).digest('base64')
    const isIt = eq(tables.users.email, 'unmarked@example.com')
    await db
      .update(tables.users)
      .set({ password: await hash(text, 4) })
      .where(isIt)
    await refusalWork(appAt(4), authRealm, 'warm-up@example.com')
    rounds = 0
    const app = appAt(4)
    await signIn(app, authRealm, { email: 'unmarked@example.com', password }, fromSystem, null)
    // The first one of a process also makes the hash that unknown users are compared with.
    expect(rounds).toBe(2 * 2 ** 4)
  })
})

/** @param fallback of the pepper */
function appAt(cost: number, fallback?: string): App {
  const pepper = { ...workbench.app.config.pepper, fallback }
  return { ...workbench.app, hashing: createHashing({ pepper, cost, bcrypt }) }
}

/** An application from before the pepper was changed. */
function formerAppAt(cost: number, current: string): App {
  return { ...workbench.app, hashing: createHashing({ pepper: { current, fallback: undefined }, cost, bcrypt }) }
}

async function createRealm(subdomain: string): Promise<AuthRealm> {
  const { tenant, url } = await createTenant(
    workbench.app,
    loadMigrations('.', 'tenant'),
    {
      name: subdomain,
      subdomain,
      business_email: 'office@example.com',
      business_phone_number: '',
      admin_email: 'admin@example.com',
      admin_password: null,
    },
    fromSystem,
  )
  return tenantAuthRealm(workbench.app.database, { ...tenant, origin: url })
}

/**
 * Adds a user for each cost, one without a password, and an inactive one whose hash has a higher cost than all
 * others.
 */
async function addPeople(
  authRealm: AuthRealm,
  costs: number[],
  pepper = workbench.app.config.pepper.current,
): Promise<void> {
  for (const cost of costs)
    await createUser(formerAppAt(cost, pepper), authRealm, { email: `cost-${cost}@example.com`, password }, fromSystem)
  await createUser(appAt(4), authRealm, { email: 'invited@example.com', password: null }, fromSystem)
  await createUser(appAt(8), authRealm, { email: 'inactive@example.com', password, is_active: false }, fromSystem)
}

async function refusalWork(app: App, authRealm: AuthRealm, email: string): Promise<number> {
  rounds = 0
  await expect(signIn(app, authRealm, { email, password: 'not the password' }, fromSystem, null)).rejects.toMatchObject(
    { status: 401 },
  )
  return rounds
}
