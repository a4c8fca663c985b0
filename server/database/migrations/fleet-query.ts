import { randomUUID } from 'node:crypto'
import { asc, inArray, sql } from 'drizzle-orm'
import { reasonOf } from '#server/database/errors.ts'
import type { Database, Db } from '#server/database/realms.ts'
import { requireSchemaName } from '#server/database/schema-names.ts'
import type { TransactionClient } from '#server/database/slots/transaction.ts'
import type { TenantStatus } from '#shared/tenant-statuses.ts'

export interface FleetQuery {
  /** One statement, or a script of several, whose rows are not returned. */
  text: string
  isScript: boolean
  /** False: the transaction is read-only. */
  write: boolean
  parallel: number
  onProgress?: (finished: number, total: number) => void
}

export interface TenantAnswer {
  subdomain: string
  rows: Record<string, unknown>[]
  /** Number of rows read or changed; null if the statement has none. */
  count: number | null
  error: string | null
}

const rowsLimit = 10_000
/** The states in which a tenant has a schema. */
const reachable: TenantStatus[] = ['active', 'suspended', 'deleting']

/** A tenant in whose schema a query runs. */
export interface FleetTarget {
  subdomain: string
  schema: string
}

/** @param subdomain only this tenant */
export async function readTargets({ platform }: Database, subdomain?: string): Promise<FleetTarget[]> {
  const { tenants } = platform.tables
  const rows = await platform.db
    .select({ subdomain: tenants.subdomain, schema: tenants.schema })
    .from(tenants)
    .where(inArray(tenants.status, reachable))
    .orderBy(asc(tenants.subdomain))
  return rows.filter(row => subdomain === undefined || row.subdomain === subdomain)
}

/**
 * Runs one text in each schema, each time in its own transaction, in which unqualified names refer to that schema. An
 * access to another schema is rolled back and reported as an error. This protects against mistakes, not against an
 * attacker, who has the database's password anyway.
 * @returns each schema's answer, in the order of the targets; one failure does not stop the others
 */
export async function queryFleet(
  database: Database,
  targets: FleetTarget[],
  query: FleetQuery,
): Promise<TenantAnswer[]> {
  const answers: TenantAnswer[] = []
  const queue = targets.entries()
  let finished = 0
  const work = async () => {
    for (const [i, target] of queue) {
      answers[i] = await answerOf(database, target, query)
      query.onProgress?.(++finished, targets.length)
    }
  }
  await Promise.all(Array.from({ length: query.parallel }, work))
  return answers
}

function answerOf(
  { slots, on }: Database,
  { subdomain, schema }: FleetTarget,
  query: FleetQuery,
): Promise<TenantAnswer> {
  return slots
    .transaction(schema, client => queryOne(on(client), client, schema, query))
    .then(
      answer => ({ subdomain, ...answer, error: null }),
      error => ({ subdomain, rows: [], count: null, error: reasonOf(error) }),
    )
}

async function queryOne(
  tx: Db,
  client: TransactionClient,
  schema: string,
  { text, isScript, write }: FleetQuery,
): Promise<Pick<TenantAnswer, 'rows' | 'count'>> {
  const mark = randomUUID()
  await prepareConnection(tx, schema, write, mark)
  const own = await readOwnTables(tx, schema)
  const answer = isScript ? await runScript(client, text) : await runStatement(client, text)
  await requireSameTransaction(tx, mark)
  await requireOwnTables(tx, schema, own)
  return answer
}

/** @param mark shows at the end that it is still the same transaction */
async function prepareConnection(tx: Db, schema: string, write: boolean, mark: string): Promise<void> {
  // Resets what the previous text has set on the same connection.
  await tx.execute(sql`reset all`)
  await tx.execute(sql`set session authorization default`)
  await tx.execute(write ? sql`set transaction read write` : sql`set transaction read only`)
  await tx.execute(sql`set local search_path to ${sql.identifier(requireSchemaName(schema))}`)
  await tx.execute(sql`select set_config('tenantry.query', ${mark}, true)`)
}

async function readOwnTables(tx: Db, schema: string): Promise<number[]> {
  const rows = await tx.execute<{ oid: number }>(
    sql`select c.oid::int8 as oid from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = ${schema}`,
  )
  return [...rows].map(({ oid }) => oid)
}

// Prepared, so that PostgreSQL rejects several statements; with a cursor, so that too many rows are noticed in time.
async function runStatement(client: TransactionClient, text: string): Promise<Pick<TenantAnswer, 'rows' | 'count'>> {
  const rows: Record<string, unknown>[] = []
  let count: number | null = null
  for await (const batch of client.foreign(text).cursor(1_000)) {
    // postgres.js has the number of changed rows, but not in its types.
    count = (batch as { count?: number | null }).count ?? count
    rows.push(...batch.map(row => ({ ...row })))
    if (rows.length > rowsLimit) throw new Error(`More than ${rowsLimit} rows.`)
  }
  return { rows, count: rows.length > 0 ? rows.length : count }
}

// PL/pgSQL runs several statements, and rejects those that would end the transaction.
async function runScript(client: TransactionClient, text: string): Promise<Pick<TenantAnswer, 'rows' | 'count'>> {
  const tag = `s${randomUUID().replaceAll('-', '')}`
  await client.foreign(`do $outer_${tag}$ begin execute $${tag}$${text}$${tag}$; end $outer_${tag}$`)
  return { rows: [], count: null }
}

async function requireSameTransaction(tx: Db, mark: string): Promise<void> {
  const rows = await tx.execute<{ mark: string | null }>(sql`select current_setting('tenantry.query', true) as mark`)
  if (rows[0]?.mark !== mark) throw new Error('The statement has ended its transaction.')
}

// Every table that a transaction has used, directly or not, is locked until its end.
async function requireOwnTables(tx: Db, schema: string, own: number[]): Promise<void> {
  const rows = await tx.execute<{ name: string }>(sql`
    select coalesce(n.nspname || '.' || c.relname, 'a table that is gone') as name
    from pg_locks l left join pg_class c on c.oid = l.relation left join pg_namespace n on n.oid = c.relnamespace
    where l.pid = pg_backend_pid() and l.locktype = 'relation'
      and not (l.relation::int8 in (select json_array_elements_text(${JSON.stringify(own)}::text::json)::int8))
      and n.nspname is distinct from ${schema} and coalesce(n.nspname, '') !~ '^(pg_|information_schema$)'
    limit 1`)
  if (rows[0]) throw new Error(`It reaches out of the organisation's schema, to ${rows[0].name}.`)
}
