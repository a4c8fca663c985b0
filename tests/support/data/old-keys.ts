import type { Sql } from 'postgres'

/** Makes the idempotency keys of a schema older, each by the same. */
export async function ageKeys(sql: Sql, schema: string, by: string): Promise<void> {
  const rows = await sql`select key, created - ${by}::interval as created from ${sql(schema)}.idempotency_keys`
  for (const { key, created } of rows)
    await sql`update ${sql(schema)}.idempotency_keys set created = ${created as Date} where key = ${key as string}`
}
