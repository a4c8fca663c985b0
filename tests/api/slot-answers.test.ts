import { randomBytes } from 'node:crypto'
import postgres from 'postgres'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createSlots } from '../../server/database/slots/slots.ts'
import { createTestDatabase } from '../support/world.ts'

const schemas = Array.from({ length: 8 }, (_, i) => `t_answers${i}_${randomBytes(3).toString('hex')}`)
let url: string
let sql: postgres.Sql

beforeAll(async () => {
  url = await createTestDatabase()
  sql = postgres(url, { max: 1, onnotice: () => {} })
  for (const schema of schemas) await createTable(schema)
})

afterAll(() => sql.end())

/** Everything that a migration may do to a table that is being read and written. */
const changes = [
  'alter table people alter column code type varchar(100)',
  'alter table people alter column code type text',
  'alter table people add column extra text',
  'alter table people rename column extra to additional',
  'alter table people drop column additional',
  'create index people_code on people (code)',
  'drop index people_code',
  'alter table people add constraint people_code check (code is not null)',
  'alter table people drop constraint people_code',
  `alter table people alter column name set default ''`,
  'create table people_copy (like people including all); insert into people_copy select * from people; drop table people; alter table people_copy rename to people',
]

for (const size of [1, 2, 8]) {
  test(`answers stay with their questions while every table changes, with ${size} slots`, async () => {
    const slots = createSlots(url, { size })
    let changing = true
    const counts = { reads: 0, writes: 0 }
    const written = new Map<string, number>()
    const readers = schemas.flatMap(schema => [1, 2, 3].map(async (id) => {
      while (changing) {
        const rows = await slots.query(schema, `select id, name, code from ${schema}.people where id = $1`, [id], true)
        expect(rows).toEqual([[id, `${schema} ${id}`, `code of ${schema} ${id}`]])
        counts.reads++
      }
    }))
    const writers = schemas.map(async (schema) => {
      for (let hits = 1; changing; hits++) {
        const rows = await slots.query(schema, `update ${schema}.people set hits = $1 where id = $2 returning id, hits`, [hits, 9], true)
        expect(rows).toEqual([[9, hits]])
        written.set(schema, hits)
        counts.writes++
      }
    })
    const traffic = Promise.all([...readers, ...writers])
    traffic.catch(() => changing = false)
    for (const change of changes) for (const schema of schemas) await sql.unsafe(`set search_path to ${schema}; ${change}`)
    changing = false
    await traffic
    for (const schema of schemas) {
      const [row] = await sql`select hits from ${sql(schema)}.people where id = 9`
      expect(row!.hits).toBe(written.get(schema))
    }
    expect(counts.reads).toBeGreaterThan(0)
    expect(slots.inspect()).toMatchObject({ size, busy: 0, waiting: 0 })
    await slots.end()
  })
}

async function createTable(schema: string): Promise<void> {
  await sql.unsafe(`
    create schema ${schema};
    create table ${schema}.people (id int primary key, name text not null, code text, hits int not null default 0);
    insert into ${schema}.people select i, '${schema} ' || i, 'code of ${schema} ' || i from generate_series(1, 9) i`)
}
