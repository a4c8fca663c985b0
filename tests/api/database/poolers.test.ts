import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkPooler } from '#server/database/pooler.ts'
import { startPgBouncer, hasPgBouncer } from '../../support/database/pgbouncer.ts'
import { runCli } from '../../support/process/cli.ts'
import { startBeside } from '../../support/process/second-server.ts'
import type { LogLine } from '../../support/process/server.ts'
import { waitLimit } from '../../support/process/wait-limit.ts'
import type { World } from '../../support/world.ts'
import { api, auth, createTestDatabase, createWorld, signInAs } from '../../support/world.ts'

const ignoring = { ignore_startup_parameters: 'statement_timeout,lock_timeout,idle_in_transaction_session_timeout' }
const transactionMode = { ...ignoring, pool_mode: 'transaction', default_pool_size: 2 }

test('a database without a pooler passes the check', async () => {
  await checkPooler(await createTestDatabase(), true)
})

describe.runIf(hasPgBouncer)('a PgBouncer before the database', () => {
  test('in transaction mode is refused where it keeps no prepared statements, and taken without them', async () => {
    const bouncer = await startPgBouncer(await createDatabaseWithTimeouts(), transactionMode)
    await expect(checkPooler(bouncer.url, true)).rejects.toThrow(/^DATABASE_URL: .*set DB_PREPARE=0/)
    await checkPooler(bouncer.url, false)
    await bouncer.stop()
  })

  test('in session mode is taken', async () => {
    const bouncer = await startPgBouncer(await createDatabaseWithTimeouts(), { ...ignoring, pool_mode: 'session' })
    await checkPooler(bouncer.url, true)
    await bouncer.stop()
  })

  test('in statement mode is refused', async () => {
    const bouncer = await startPgBouncer(await createDatabaseWithTimeouts(), { ...ignoring, pool_mode: 'statement' })
    await expect(checkPooler(bouncer.url, true)).rejects.toThrow(/^DATABASE_URL: .*knows no transactions/)
    await bouncer.stop()
  })

  test('that drops our time-outs is refused', async () => {
    const bouncer = await startPgBouncer(await createTestDatabase(), transactionMode)
    await expect(checkPooler(bouncer.url, false)).rejects.toThrow(/^DATABASE_URL: .*alter database/)
    await bouncer.stop()
  })

  test('that does not know our time-outs is refused', async () => {
    const bouncer = await startPgBouncer(await createTestDatabase(), { pool_mode: 'transaction' })
    await expect(checkPooler(bouncer.url, false)).rejects.toThrow(/^DATABASE_URL: .*statement_timeout/)
    await bouncer.stop()
  })
})

describe.runIf(hasPgBouncer)('a server behind a PgBouncer in transaction mode with two connections', () => {
  let world: World
  let bouncer: Awaited<ReturnType<typeof startPgBouncer>>

  beforeAll(async () => {
    world = await createWorld()
    await setTimeouts(world.env.DATABASE_URL!)
    bouncer = await startPgBouncer(world.env.DATABASE_URL!, transactionMode)
  })

  afterAll(async () => {
    await bouncer.stop()
    await world.stop()
  })

  test('refuses to start with prepared statements, and says in one line what to do', async () => {
    const log: LogLine[] = []
    await expect(startBeside(world, { DATABASE_URL: bouncer.url }, log)).rejects.toThrow('The server ended with 1')
    expect(log.filter(line => line.level === 'fatal')).toMatchObject([
      { event: 'start_failed', reason: expect.stringMatching(/^DATABASE_URL: .*DB_PREPARE=0[^\n]*$/) },
    ])
  })

  test('serves both organisations without them', async () => {
    const server = await startBeside(world, { DATABASE_URL: bouncer.url, DB_PREPARE: '0' })
    const signedIn = await Promise.all(
      [world.acme, world.globex].map(async place => ({ place, pair: await signInAs(place, place.staff) })),
    )
    // Not all at once: on a slow machine the last one would wait too long for one of two connections.
    await Promise.all(
      Array.from({ length: 10 }, async (_, lane) => {
        for (let i = lane; i < 200; i += 10) {
          const { place, pair } = signedIn[i % 2]!
          const answer =
            i % 3 === 0
              ? await server.at(place, `${auth}/users/me/`, {
                  method: 'PATCH',
                  token: pair.access,
                  body: { first_name: `${place.host} ${i}` },
                })
              : await server.at(place, `${auth}/users/me/`, { token: pair.access })
          expect([answer.status, answer.json.id, answer.json.organization]).toEqual([200, place.staff.id, place.id])
        }
      }),
    )
    const refreshed = await server.at(world.acme, `${auth}/jwt/refresh/`, {
      body: { refresh: signedIn[0]!.pair.refresh },
    })
    expect(refreshed.status).toBe(200)
    expect(await server.stop()).toBe(0)
    expect(server.log.filter(line => ['error', 'fatal'].includes(line.level))).toEqual([])
  })

  test('hears of changes and does long work past it, with a direct URL', async () => {
    const { console } = world
    const { access } = await signInAs(console, console.admin)
    for (const direct of ['', world.env.DATABASE_URL!]) {
      const env = { DATABASE_URL: bouncer.url, DATABASE_DIRECT_URL: direct, DB_PREPARE: '0' }
      const server = await startBeside(world, env)
      const health = () => server.at(console, `${api}/health/`, { token: access })
      await expect.poll(async () => (await health()).json.is_listening, waitLimit).toBe(direct !== '')
      expect(await server.stop()).toBe(0)
      const limit = `select current_setting('statement_timeout') as limit`
      const { json } = await runCli(['tenant', 'exec', '--all', '--sql', limit, '--json'], { ...world.env, ...env })
      const rows = json.answers.flatMap((answer: { rows: unknown[] }) => answer.rows)
      expect(rows).toEqual(Array(2).fill({ limit: direct ? '10min' : '5s' }))
    }
  })
})

async function createDatabaseWithTimeouts(): Promise<string> {
  const url = await createTestDatabase()
  await setTimeouts(url)
  return url
}

async function setTimeouts(url: string): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => {} })
  const database = sql(new URL(url).pathname.slice(1))
  await sql`alter database ${database} set statement_timeout = '5s'`
  await sql`alter database ${database} set lock_timeout = '1500ms'`
  await sql`alter database ${database} set idle_in_transaction_session_timeout = '10s'`
  await sql.end()
}
