import { eq, getTableColumns, inArray, sql } from 'drizzle-orm'
import type { PgTable } from 'drizzle-orm/pg-core'
import pino from 'pino'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newId } from '#server/database/ids.ts'
import { loadMigrations } from '#server/database/migrations/files.ts'
import type { Realm } from '#server/database/realms.ts'
import { fromSystem } from '#server/domain/context.ts'
import { cleanUp } from '#server/domain/platform/retention.ts'
import { resumeTenant, suspendTenant } from '#server/domain/tenants/lifecycle/suspension.ts'
import { waitLimit } from '../../support/process/wait-limit.ts'
import type { LogLine } from '../../support/process/server.ts'
import type { Place, World } from '../../support/world.ts'
import { addPerson, api, auth, createWorld, realmOf, signInAs } from '../../support/world.ts'

const migrations = loadMigrations('.', 'tenant')
const day = 86_400_000

let world: World
let places: Place[]
beforeAll(async () => {
  world = await createWorld({ ACCESS_TTL: '3600' })
  places = [world.acme, world.globex, world.console]
})
afterAll(() => world.stop())

describe('expired data', () => {
  test('is removed in every realm after its retention: sessions and links after a month', async () => {
    const scenes = await Promise.all(
      places.map(async place => {
        const {
          db,
          tables: { sessions, one_time_tokens: tokens },
        } = realmAt(place)
        const user_id = place.admin.id
        const session = (ended: number, rest: object = {}) => ({
          id: newId(),
          user_id,
          rotated_at: ago(60),
          created: ago(60),
          expires_at: ago(ended),
          ...rest,
        })
        const link = (purpose: 'reset' | 'email', ended: number) => ({
          id: newId(),
          user_id,
          purpose,
          token_hash: newId(),
          created: ago(60),
          expires_at: ago(ended),
        })
        const over = [session(31), session(31, { revoked_at: ago(60), revoked_reason: 'logout' })]
        const kept = [session(29), session(-1, { revoked_at: ago(59), revoked_reason: 'reuse' })]
        const links = [link('reset', 31), link('email', 29)]
        await db.insert(sessions).values([...over, ...kept])
        await db.insert(tokens).values(links)
        return { place, over, kept, links }
      }),
    )
    await cleanUp(world.app, migrations)
    for (const { place, over, kept, links } of scenes) {
      expect(await idsIn(place, 'sessions', [...over, ...kept])).toEqual(kept.map(({ id }) => id).sort())
      expect(await idsIn(place, 'one_time_tokens', links)).toEqual([links[1]!.id])
    }
  })

  test('is removed on the platform after three months: operations, support, and the counts of a day', async () => {
    const {
      db,
      tables: { operations, support_accesses: accesses, tenant_days: days },
    } = world.app.database.platform
    const operation = (finished: number, state: 'done' | 'failed' | 'running' = 'done') => ({
      id: newId(),
      kind: 'export' as const,
      tenant: null,
      state,
      created: ago(200),
      finished_at: state === 'running' ? null : ago(finished),
    })
    const operationsOver = [operation(91), operation(91, 'failed')]
    const operationsKept = [operation(89), operation(89, 'failed'), operation(200, 'running')]
    await db.insert(operations).values([...operationsOver, ...operationsKept])
    const access = (times: object) => ({
      id: newId(),
      tenant: world.acme.id,
      user_id: world.acme.staff.id,
      operator: world.console.admin.id,
      operator_email: 'ann@example.com',
      reason: 'Ticket 4711',
      token_hash: newId(),
      created: ago(200),
      expires_at: ago(91),
      ...times,
    })
    const accessesOver = [access({ opened_at: ago(92), ended_at: ago(91) }), access({})]
    // The third was opened, and its end is not recorded yet.
    const accessesKept = [
      access({ opened_at: ago(92), ended_at: ago(89) }),
      access({ expires_at: ago(89) }),
      access({ opened_at: ago(92) }),
    ]
    await db.insert(accesses).values([...accessesOver, ...accessesKept])
    await db
      .insert(days)
      .values(
        [world.acme, world.globex].flatMap(({ id }) =>
          [89, 90, 91, 200].map(back => ({ tenant: id, day: dayOf(back), requests: 1, errors: 0 })),
        ),
      )
    await cleanUp(world.app, migrations)
    expect(await idsIn(world.console, 'operations', [...operationsOver, ...operationsKept])).toEqual(
      operationsKept.map(({ id }) => id).sort(),
    )
    expect(await idsIn(world.console, 'support_accesses', [...accessesOver, ...accessesKept])).toEqual(
      accessesKept.map(({ id }) => id).sort(),
    )
    for (const { id } of [world.acme, world.globex]) {
      const left = await db
        .select({ day: days.day })
        .from(days)
        .where(sql`${days.tenant} = ${id} and ${days.day} < ${dayOf(2)}`)
        .orderBy(days.day)
      expect(left.map(row => row.day)).toEqual([dayOf(90), dayOf(89)])
    }
    await db.delete(operations).where(eq(operations.state, 'running'))
    await db.delete(accesses)
  })

  test('is removed in any amount, also by two processes at once', async () => {
    const { acme, globex } = world
    for (const place of [acme, globex]) await addOldSessions(place, 12_000)
    await Promise.all([cleanUp(world.app, migrations), cleanUp(world.app, migrations)])
    for (const place of [acme, globex]) expect(await countOld(place)).toBe(0)
  })

  test('stays for the next run when the process is told to end', async () => {
    await addOldSessions(world.acme, 1)
    await cleanUp(world.app, migrations, AbortSignal.abort())
    expect(await countOld(world.acme)).toBe(1)
    await cleanUp(world.app, migrations)
    expect(await countOld(world.acme)).toBe(0)
  })

  test('is removed from a suspended organisation too', async () => {
    await addOldSessions(world.acme, 1)
    await suspendTenant(world.app, world.acme.id, 'Unpaid', fromSystem)
    await cleanUp(world.app, migrations)
    expect(await countOld(world.acme)).toBe(0)
    await resumeTenant(world.app, world.acme.id, fromSystem)
  })

  test('stays in a schema that is behind, which is logged and does not stop the others', async () => {
    for (const place of [world.acme, world.globex]) await addOldSessions(place, 1)
    const {
      db,
      tables: { schema_versions: versions },
    } = world.app.database.platform
    const [before] = await db.select().from(versions).where(eq(versions.schema, world.globex.schema))
    await db
      .update(versions)
      .set({ applied: before!.applied.slice(0, -1) })
      .where(eq(versions.schema, world.globex.schema))
    expect(await logOfCleaning()).toContainEqual(
      expect.objectContaining({ level: 'warn', event: 'cleanup_skipped', tenants: ['globex'] }),
    )
    expect([await countOld(world.acme), await countOld(world.globex)]).toEqual([0, 1])
    await db.update(versions).set({ applied: before!.applied }).where(eq(versions.schema, world.globex.schema))
    await cleanUp(world.app, migrations)
    expect(await countOld(world.globex)).toBe(0)
  })

  test('stays in a locked table, which is logged and does not stop the others', async () => {
    for (const place of [world.acme, world.globex]) await addOldSessions(place, 1)
    const { db } = realmAt(world.acme)
    const rename = (from: string, to: string) =>
      db.execute(sql.raw(`alter table "${world.acme.schema}".${from} rename to ${to}`))
    await rename('sessions', 'hidden')
    expect(await logOfCleaning()).toContainEqual(
      expect.objectContaining({
        level: 'warn',
        event: 'cleanup_failed',
        tenant: 'acme',
        reason: expect.stringContaining('does not exist'),
      }),
    )
    await rename('hidden', 'sessions')
    expect([await countOld(world.acme), await countOld(world.globex)]).toEqual([1, 0])
  })
})

describe('data that has not expired', () => {
  test('stays: a session whose tokens could still be presented, so that reuse is detected', async () => {
    const person = await addPerson(world, world.acme, 'careful@example.com')
    const refresh = (token: string) => world.acme.call(`${auth}/jwt/refresh/`, { body: { refresh: token } })
    const [stolen, signedOut] = [await signInAs(world.acme, person), await signInAs(world.acme, person)]
    const second = (await refresh(stolen.refresh)).json
    const third = (await refresh(second.refresh)).json
    await world.acme.call(`${auth}/jwt/blacklist/`, { body: { refresh: signedOut.refresh } })
    const {
      db,
      tables: { sessions },
    } = realmAt(world.acme)
    await db
      .update(sessions)
      .set({ revoked_at: ago(60) })
      .where(sql`${sessions.revoked_at} is not null`)
    await cleanUp(world.app, migrations)
    expect((await refresh(signedOut.refresh)).json).toEqual({ detail: 'Token is blacklisted', code: 'token_not_valid' })
    expect((await refresh(stolen.refresh)).json).toEqual({ detail: 'Token is blacklisted', code: 'token_not_valid' })
    expect((await world.acme.call(`${auth}/users/me/`, { token: third.access })).json.code).toBe('session_revoked')
  })

  test('stays: the audit, however old', async () => {
    for (const place of places) {
      const {
        db,
        tables: { audit_events: events },
      } = realmAt(place)
      await db.insert(events).values({ id: newId(), created: ago(4_000), action: 'session.opened', details: {} })
      const before = await db.$count(events)
      await cleanUp(world.app, migrations)
      expect(await db.$count(events)).toBe(before)
    }
  })
})

test('it is scheduled each night', async () => {
  const { access } = await signInAs(world.console, world.console.admin)
  const jobs = async () =>
    (await world.console.call(`${api}/jobs/`, { token: access })).json as { name: string; cron: string }[]
  await expect.poll(jobs, waitLimit).toContainEqual(expect.objectContaining({ name: 'clean-up', cron: '7 3 * * *' }))
})

function realmAt(place: Place): Realm {
  return place === world.console ? world.app.database.platform : realmOf(world.app, place).realm
}

function ago(days: number): Date {
  return new Date(Date.now() - days * day)
}

function dayOf(daysAgo: number): string {
  return ago(daysAgo).toISOString().slice(0, 10)
}

/** @returns the ids of the rows that still exist, in order */
async function idsIn(place: Place, name: string, rows: { id: string }[]): Promise<string[]> {
  const { db, tables } = realmAt(place)
  const table = (tables as unknown as Record<string, PgTable>)[name]!
  const { id } = getTableColumns(table)
  const found = await db
    .select({ id: id! })
    .from(table)
    .where(
      inArray(
        id!,
        rows.map(row => row.id),
      ),
    )
  return found.map(row => row.id as string).sort()
}

async function addOldSessions(place: Place, count: number): Promise<void> {
  const {
    db,
    tables: { sessions },
  } = realmAt(place)
  const past = (days: number) => new Date(Date.now() - days * 86_400_000)
  const old = { user_id: place.admin.id, rotated_at: past(90), created: past(90), expires_at: past(60) }
  for (let left = count; left > 0; left -= 1_000)
    await db.insert(sessions).values(Array.from({ length: Math.min(left, 1_000) }, () => ({ id: newId(), ...old })))
}

function countOld(place: Place): Promise<number> {
  const {
    db,
    tables: { sessions },
  } = realmAt(place)
  return db.$count(sessions, sql`${sessions.expires_at} < now() - interval '31 days'`)
}

async function logOfCleaning(): Promise<LogLine[]> {
  const lines: string[] = []
  const log = pino(
    { formatters: { level: name => ({ level: name }) } },
    { write: (line: string) => void lines.push(line) },
  )
  await cleanUp({ ...world.app, log }, migrations)
  return lines.map(line => JSON.parse(line) as LogLine)
}
