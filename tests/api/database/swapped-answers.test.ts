import { randomBytes } from 'node:crypto'
import pino from 'pino'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadConfig } from '#server/config.ts'
import { createApp } from '#server/create-app.ts'
import { connectDatabase } from '#server/database/driver.ts'
import type { Slots } from '#server/database/slots/slots.ts'
import { createSlots } from '#server/database/slots/slots.ts'
import { insertSession } from '#server/domain/sessions/open.ts'
import { loadPrincipal } from '#server/domain/sessions/principal.ts'
import { createTestDatabase, createWorld, realmOf } from '../../support/world.ts'

const schemas = ['acme', 'globex'].map(name => `t_${name}_${randomBytes(3).toString('hex')}`)
const [acme, globex] = schemas as [string, string]
let url: string
let sql: postgres.Sql

beforeAll(async () => {
  url = await createTestDatabase()
  sql = postgres(url, { max: 1, onnotice: () => {} })
  for (const schema of schemas) {
    await sql.unsafe(`create schema ${schema}; create table ${schema}.people (id int primary key, name text, nick text);
      insert into ${schema}.people values (1, 'Ann of ${schema}', 'ann'), (2, 'Ben of ${schema}', 'ben')`)
  }
})

afterAll(() => sql.end())

describe('a driver that swaps the answers of two statements', () => {
  test('is detected in each row, for every kind of statement', async () => {
    const statements = (schema: string): [string, unknown[]][] => [
      [`select name from ${schema}.people where id = $1`, [1]],
      [`select distinct name from ${schema}.people order by name`, []],
      [`select count(*) from ${schema}.people`, []],
      [`select name from ${schema}.people union select name from ${schema}.people where id = $1`, [2]],
      [`with p as (select name from ${schema}.people) select * from p`, []],
      [`update ${schema}.people set nick = $1 where id = 1 returning name`, ['annie']],
      [`update ${schema}.people set nick = $1 where id = 1`, ['annie']],
      [
        `insert into ${schema}.people (id, name) values ($1, 'Cy of ${schema}') on conflict (id) do update set name = excluded.name returning name`,
        [3],
      ],
    ]
    for (const [i, [text, params]] of statements(acme).entries()) {
      const { slots, mismatches, swapNext } = createSwapping()
      await warmUp(slots)
      swapNext()
      const outcomes = await Promise.allSettled([
        slots.query(acme, text, params, true),
        slots.query(globex, ...statements(globex)[i]!, true),
      ])
      expect(
        outcomes.map(outcome => outcome.status === 'rejected' && outcome.reason.status),
        text,
      ).toEqual([503, 503])
      expect(mismatches.map(({ realm }) => realm).sort()).toEqual([acme, globex])
      expect(slots.inspect()).toMatchObject({ mismatched: 2, retired: 2, busy: 0 })
      await slots.end()
    }
  })

  test('cannot replace rows by an empty answer, or an empty answer by rows', async () => {
    const { slots, swapNext } = createSwapping()
    await warmUp(slots)
    swapNext()
    const [empty, full] = await Promise.allSettled([
      slots.query(acme, `select name from ${acme}.people where id = $1`, [99], true),
      slots.query(globex, `select name from ${globex}.people where id = $1`, [1], true),
    ])
    expect(empty.status === 'rejected' && empty.reason.status).toBe(503)
    // An empty answer is checked with a second query, which finds rows: the statement is sent once more.
    expect(full).toEqual({ status: 'fulfilled', value: [[`Ann of ${globex}`]] })
    await slots.end()
  })

  test('has its transaction rolled back, and its later statements are rejected', async () => {
    const { slots, swapNext } = createSwapping()
    await warmUp(slots)
    const both = await Promise.allSettled(
      [acme, globex].map(schema =>
        slots.transaction(schema, async client => {
          await client.unsafe(`update ${schema}.people set nick = 'changed' where id = $1`, [2])
          swapNext()
          const answer = await client.unsafe(`select name from ${schema}.people where id = $1`, [2]).values()
          await client.unsafe(`update ${schema}.people set nick = 'changed twice' where id = $1`, [2])
          return answer
        }),
      ),
    )
    expect(both.map(outcome => outcome.status === 'rejected' && outcome.reason.status)).toEqual([503, 503])
    for (const schema of schemas) {
      const [row] = await sql`select nick from ${sql(schema)}.people where id = 2`
      expect(row!.nick).toBe('ben')
    }
    await slots.end()
  })
})

describe('a driver that swaps answers and forges their marks', () => {
  test('signs nobody in as another user: the principal has the ids of the token', async () => {
    const world = await createWorld()
    const log: string[] = []
    const swapping = createSwappingDriver(true)
    const app = await createApp(loadConfig(world.env), pino({ level: 'error' }, { write: line => log.push(line) }), {
      size: 4,
      connect: swapping.connect,
    })
    const authRealm = realmOf(app, world.acme)
    const { realm } = authRealm
    const claims = await Promise.all(
      [world.acme.admin, world.acme.staff].map(async ({ id }) => {
        const session = await insertSession(realm.db, app, realm, id, { ip: null, user_agent: null })
        return { user_id: id, sid: session.id }
      }),
    )
    await Promise.all(claims.map(claim => loadPrincipal(authRealm, claim)))
    swapping.swapNext()
    const outcomes = await Promise.allSettled(claims.map(claim => loadPrincipal(authRealm, claim)))
    expect(outcomes.map(outcome => outcome.status === 'rejected' && outcome.reason.status)).toEqual([503, 503])
    expect(log.map(line => JSON.parse(line).event)).toEqual(['answer_mismatched', 'answer_mismatched'])
    const again = await Promise.all(claims.map(claim => loadPrincipal(authRealm, claim)))
    expect(again.map(({ user }) => user.id)).toEqual(claims.map(({ user_id }) => user_id))
    await app.close()
    await world.stop()
  })
})

describe('a connection whose driver failed in the middle of an answer', () => {
  test('is closed before another caller uses it', async () => {
    const slots = createSlots(url, { size: 1 })
    const unsendable = await slots
      .query(acme, `select name from ${acme}.people where id = $1`, [undefined], true)
      .catch((error: unknown) => error)
    expect(unsendable).toBeInstanceOf(Error)
    const answers = await Promise.all(
      [1, 2].map(id => slots.query(acme, `select name from ${acme}.people where id = $1`, [id], true)),
    )
    expect(answers).toEqual([[[`Ann of ${acme}`]], [[`Ben of ${acme}`]]])
    expect(slots.inspect()).toMatchObject({ retired: 1, mismatched: 0 })
    await slots.end()
  })
})

// Connects both slots, so that the next two statements run in parallel.
async function warmUp(slots: Slots): Promise<void> {
  await Promise.all(schemas.map(schema => slots.query(schema, `select 1 from ${schema}.people`, [], true)))
}

/** Slots whose driver swaps the answers of the next two statements. */
function createSwapping() {
  const mismatches: { realm: string }[] = []
  const { connect, swapNext } = createSwappingDriver()
  return {
    slots: createSlots(url, { size: 4, connect, onMismatch: mismatch => mismatches.push(mismatch) }),
    mismatches,
    swapNext,
  }
}

/** @param forge whether each row gets the mark that its new caller expects */
function createSwappingDriver(forge = false) {
  type Waiting = { answer: unknown[][]; turn: (answer: unknown[][]) => void }
  let first: ReturnType<typeof Promise.withResolvers<Waiting>> | undefined
  let armed = false
  const connect = ((...given: Parameters<typeof connectDatabase>) => {
    const client = connectDatabase(...given)
    return Object.assign(Object.create(client), {
      unsafe: (...asked: Parameters<typeof client.unsafe>) => answerOf(client.unsafe(...asked), asked[1]),
      begin: (work: (tx: postgres.TransactionSql) => Promise<unknown>) =>
        client.begin(tx =>
          work(
            Object.assign(Object.create(tx), {
              unsafe: (...asked: Parameters<typeof tx.unsafe>) => answerOf(tx.unsafe(...asked), asked[1]),
            }),
          ),
        ),
    })
  }) as typeof connectDatabase
  return { connect, swapNext: () => (armed = true) }

  function answerOf(query: postgres.PendingQuery<postgres.Row[]>, params: unknown[] = []) {
    const withOwnMark = (rows: unknown[][]) =>
      forge
        ? Object.assign(
            rows.map(([_mark, ...row]) => [params.at(-1), ...row]),
            { columns: [] },
          )
        : rows
    return armed ? { values: async () => withOwnMark(await swap(query.values() as never)) } : query
  }

  async function swap(query: PromiseLike<unknown[][]>): Promise<unknown[][]> {
    const answer = await query
    if (first) {
      const other = await first.promise
      armed = false
      first = undefined
      other.turn(answer)
      return other.answer
    }
    first = Promise.withResolvers()
    return new Promise(turn => first!.resolve({ answer, turn }))
  }
}
