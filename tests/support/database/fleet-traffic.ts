import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type postgres from 'postgres'
import { expect } from 'vitest'
import type { RunningApp } from '#server/create-app.ts'
import { loadMigrations } from '#server/database/migrations/files.ts'
import { fromSystem } from '#server/domain/context.ts'
import { createDepartment } from '#server/domain/departments/departments.ts'
import { insertSession, mintPair } from '#server/domain/sessions/open.ts'
import { createTenant } from '#server/domain/tenants/create.ts'
import { tenantRealmOf } from '#server/domain/tenants/origins.ts'
import { createUser } from '#server/domain/users/create.ts'
import { newTenantSchema } from '#shared/schemas/tenants.ts'
import type { Answer, Call } from '../http.ts'

const api = '/api/v1'
/** Departments that each user adds; with more, lists would take most of the time. */
const departmentsLimit = 20

/** A tenant whose name is in every field, and two of its users, signed in. */
export interface CanaryTenant {
  host: string
  id: string
  schema: string
  canary: string
  users: CanaryUser[]
}

interface CanaryUser {
  id: string
  access: string
  refresh: string
  sent: number
  acknowledged: number
  /** The names of departments: acknowledged ones, and one whose answer is not known yet. */
  departments: string[]
  pending: { name: string; key: string } | undefined
}

export interface TrafficCounts {
  requests: number
  reads: number
  writes: number
  /** Answered 503: reads and writes. */
  refusedReads: number
  refusedWrites: number
  /** Without an answer, for example because the server was killed. */
  lost: number
}

/** Creates tenants as an operator would, with signed-in users whose passwords are not hashed. */
export async function createCanaryTenants(app: RunningApp, port: number, count: number): Promise<CanaryTenant[]> {
  const migrations = loadMigrations('.', 'tenant')
  const tenants: CanaryTenant[] = []
  for (let i = 0; i < count; i++) {
    const canary = `canary${i}z`
    const input = newTenantSchema.parse({
      name: `Org ${canary}`,
      subdomain: canary,
      business_email: `it@${canary}.example`,
      admin_email: `admin@${canary}.example`,
    })
    const { tenant } = await createTenant(app, migrations, { ...input, admin_password: null }, fromSystem)
    const host = `${canary}.localhost:${port}`
    const authRealm = tenantRealmOf(app, tenant)
    const { realm } = authRealm
    await createDepartment(realm, `Dept ${canary}`, fromSystem)
    const users: CanaryUser[] = []
    for (const name of ['one', 'two']) {
      const user = await createUser(
        app,
        authRealm,
        {
          email: `${name}@${canary}.example`,
          password: null,
          first_name: `${canary} 0`,
          last_name: `Name ${canary}`,
          employee_id: `E-${canary}-${name}`,
          role: 'Admin',
        },
        fromSystem,
      )
      const pair = await mintPair(
        app,
        authRealm,
        await insertSession(realm.db, app, realm, user.id, { ip: null, user_agent: null }),
      )
      const tokens = { access: pair.access.token, refresh: pair.refresh.token }
      users.push({ id: user.id, ...tokens, sent: 0, acknowledged: 0, departments: [], pending: undefined })
    }
    tenants.push({ host, id: tenant.id, schema: tenant.schema, canary, users })
  }
  return tenants
}

/**
 * Every user of every tenant reads, writes and refreshes, one request after another. Each answer must be the caller's
 * own or a 503, without data of another tenant.
 * @param send sends a request to the server
 * @param isOver called before each request
 */
export async function runTraffic(
  tenants: CanaryTenant[],
  send: (host: string, path: string, options?: Call) => Promise<Answer>,
  isOver: (counts: TrafficCounts) => boolean,
): Promise<TrafficCounts> {
  const counts: TrafficCounts = { requests: 0, reads: 0, writes: 0, refusedReads: 0, refusedWrites: 0, lost: 0 }
  let failed = false
  await Promise.all(
    tenants.flatMap(tenant =>
      tenant.users.map(async user => {
        try {
          for (let turn = 0; !failed && !isOver(counts); turn++) await takeTurn(tenant, user, turn)
        } catch (error) {
          failed = true
          throw error
        }
      }),
    ),
  )
  return counts

  async function takeTurn(tenant: CanaryTenant, user: CanaryUser, turn: number): Promise<void> {
    const me = await ask(tenant, `${api}/auth/users/me/`, { token: user.access }, true)
    if (me) expect(me.json).toMatchObject({ id: user.id, organization: tenant.id })
    const list = await ask(
      tenant,
      turn % 2 === 0 ? `${api}/users/?search=name` : `${api}/departments/`,
      { token: user.access },
      true,
    )
    if (list && turn % 2 === 0) expect(list.json.count).toBe(2)
    if (list && turn % 2 === 1) expect(list.json.count).toBeGreaterThan(user.departments.length)
    if (turn % 10 === 1 && user.departments.length < departmentsLimit) await addDepartment(tenant, user)
    if (turn % 3 !== 0) return
    const sent = ++user.sent
    const changed = await ask(
      tenant,
      `${api}/auth/users/me/`,
      { method: 'PATCH', token: user.access, body: { first_name: `${tenant.canary} ${sent}` } },
      false,
    )
    if (!changed) return
    user.acknowledged = sent
    expect(changed.json).toMatchObject({ id: user.id, first_name: `${tenant.canary} ${sent}` })
    // Repeated with the same token until it is answered: a refresh is idempotent for some seconds.
    const refreshed =
      turn % 4 === 0
        ? await ask(tenant, `${api}/auth/jwt/refresh/`, { body: { refresh: user.refresh } }, false)
        : undefined
    if (refreshed) Object.assign(user, refreshed.json)
  }

  // Repeated with the same key until it is answered: there is one department, however often it is sent.
  async function addDepartment(tenant: CanaryTenant, user: CanaryUser): Promise<void> {
    const number = tenant.users.indexOf(user)
    user.pending ??= { name: `Dept ${tenant.canary} ${number} ${randomUUID()}`, key: randomUUID() }
    const { name, key } = user.pending
    const options = { token: user.access, body: { name }, headers: { 'idempotency-key': key } }
    const answer = await ask(tenant, `${api}/departments/`, options, false, [201, 409])
    if (answer?.status === 201) {
      expect(answer.json).toMatchObject({ name })
      user.departments.push(name)
    }
    // The server died in between: the key says so, and for a while that it is still in use.
    if (answer?.status === 409) expect(answer.json.code).toMatch(/^idempotency_(key_in_use|answer_lost)$/)
    if (answer && answer.json.code !== 'idempotency_key_in_use') user.pending = undefined
  }

  /** @returns an answer with an expected status; undefined for a 503 or no answer */
  async function ask(
    tenant: CanaryTenant,
    path: string,
    options: Call,
    isRead: boolean,
    statuses = [200],
  ): Promise<Answer | undefined> {
    counts.requests++
    const answer = await send(tenant.host, path, options).catch(() => undefined)
    if (!answer) {
      counts.lost++
      await sleep(20)
      return undefined
    }
    const foreign = [...answer.text.matchAll(/canary\d+z/g)]
      .map(([canary]) => canary)
      .filter(canary => canary !== tenant.canary)
    expect(foreign, `${tenant.canary} ${path}`).toEqual([])
    if (answer.status === 503) {
      counts[isRead ? 'refusedReads' : 'refusedWrites']++
      // As a client that follows Retry-After.
      await sleep(50)
      return undefined
    }
    if (!statuses.includes(answer.status))
      expect([answer.status, answer.text], `${tenant.canary} ${path}`).toEqual([statuses, ''])
    counts[isRead ? 'reads' : 'writes']++
    return answer
  }
}

/**
 * Each tenant has only its own rows, with the last acknowledged write, or a later one without an answer, and each
 * acknowledged department.
 */
export async function expectNothingLost(sql: postgres.Sql, tenants: CanaryTenant[]): Promise<void> {
  for (const { schema, canary, users } of tenants) {
    for (const { id, sent, acknowledged } of users) {
      const [row] = await sql`select first_name, email, employee_id from ${sql(schema)}.users where id = ${id}`
      const [own, number] = (row!.first_name as string).split(' ')
      expect(own).toBe(canary)
      expect(Number(number)).toBeGreaterThanOrEqual(acknowledged)
      expect(Number(number)).toBeLessThanOrEqual(sent)
      expect(row!.email).toContain(canary)
    }
    const names = (await sql`select name from ${sql(schema)}.departments`).map(({ name }) => name as string)
    expect(names).toEqual(expect.arrayContaining(users.flatMap(({ departments }) => departments)))
    const strangers =
      await sql`select details from ${sql(schema)}.audit_events where details::text ~ 'canary' and details::text !~ ${canary}`
    expect(strangers).toEqual([])
  }
}
