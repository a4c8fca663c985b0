import { randomBytes } from 'node:crypto'
import postgres from 'postgres'
import { expect } from 'vitest'
import type { Slots } from '#server/database/slots/slots.ts'

/** Every change that a migration may make to a table that is in use. */
const changes = [
  'alter table people alter column code type varchar(100)',
  'alter table people alter column code type text',
  'alter table people alter column hits type bigint',
  'alter table people add column extra text',
  'alter table people rename column extra to additional',
  'alter table people drop column additional',
  'create index people_code on people (code)',
  'drop index people_code',
  'alter table people add constraint people_code check (code is not null)',
  'alter table people drop constraint people_code',
  `alter table people alter column name set default ''`,
  'create table people_copy (like people including all); insert into people_copy select * from people; drop table people; alter table people_copy rename to people',
  'alter table people alter column hits type int',
]

/** Schemas with a table of people, whose fields all contain the schema's name. */
export async function createChangingTables(url: string, count: number): Promise<string[]> {
  const schemas = Array.from({ length: count }, (_, i) => `t_people${i}_${randomBytes(3).toString('hex')}`)
  await withClient(url, async sql => {
    for (const schema of schemas) {
      await sql.unsafe(`
        create schema ${schema};
        create table ${schema}.people (id int primary key, name text not null, code text, hits int not null default 0);
        insert into ${schema}.people select i, '${schema} ' || i, 'code of ${schema} ' || i from generate_series(1, 9) i`)
    }
  })
  return schemas
}

/**
 * Reads and writes all tables at full speed while they change one after another, and checks every answer.
 * @param url for the changes, which need a session
 * @returns the number of answers; all writes are found in the tables
 */
export async function trafficWhileTablesChange(
  slots: Slots,
  url: string,
  schemas: string[],
): Promise<{ reads: number; writes: number; refused: number }> {
  const counts = { reads: 0, writes: 0, refused: 0 }
  const written = new Map<string, number>()
  let changing = true
  const traffic = Promise.all([
    ...schemas.flatMap(schema => [1, 2, 3].map(id => read(schema, id))),
    ...schemas.map(write),
    ...schemas.map(transact),
  ])
  traffic.catch(() => (changing = false))
  await withClient(url, async sql => {
    for (const change of changes) {
      for (const schema of schemas) await sql.unsafe(`set search_path to ${schema}; ${change}`)
      // Every statement has run during the change before the next change.
      const seen = counts.reads + schemas.length * 6
      while (changing && counts.reads < seen) await new Promise(resolve => setTimeout(resolve, 1))
    }
  })
  changing = false
  await traffic
  await withClient(url, async sql => {
    for (const schema of schemas) {
      const rows = await sql.unsafe(`select hits::int from ${schema}.people where id in (8, 9) order by id`)
      expect(rows.map(row => row.hits)).toEqual([written.get(`${schema} 8`) ?? 0, written.get(`${schema} 9`) ?? 0])
    }
  })
  return counts

  async function read(schema: string, id: number): Promise<void> {
    while (changing) {
      const rows = await slots.query(schema, `select id, name, code from ${schema}.people where id = $1`, [id], true)
      expect(rows).toEqual([[id, `${schema} ${id}`, `code of ${schema} ${id}`]])
      counts.reads++
    }
  }

  async function write(schema: string): Promise<void> {
    for (let hits = 1; changing; hits++) {
      const rows = await slots.query(
        schema,
        `update ${schema}.people set hits = $1 where id = $2 returning id, name, hits::int`,
        [hits, 9],
        true,
      )
      expect(rows).toEqual([[9, `${schema} 9`, hits]])
      written.set(`${schema} 9`, hits)
      counts.writes++
    }
  }

  async function transact(schema: string): Promise<void> {
    for (let hits = 1; changing; hits++) {
      try {
        const rows = await slots.transaction(schema, async client => {
          await client.unsafe(`select id from ${schema}.people where id = $1 for update`, [8]).values()
          return client
            .unsafe(`update ${schema}.people set hits = $1 where id = $2 returning id, name, hits::int`, [hits, 8])
            .values()
        })
        expect(rows).toEqual([[8, `${schema} 8`, hits]])
        written.set(`${schema} 8`, hits)
        counts.writes++
      } catch (error) {
        // A 503 after waiting for a change, or for its turn.
        expect(error).toMatchObject({ status: 503 })
        counts.refused++
      }
    }
  }
}

async function withClient<T>(url: string, work: (sql: postgres.Sql) => Promise<T>): Promise<T> {
  const sql = postgres(url, { max: 1, onnotice: () => {} })
  try {
    return await work(sql)
  } finally {
    await sql.end()
  }
}
