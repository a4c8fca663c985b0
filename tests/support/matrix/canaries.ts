import type postgres from 'postgres'
import { newId } from '#server/database/ids.ts'
import type { Place } from '../world.ts'

/** Is in every field of globex; no answer to anyone else may contain it. */
export const canary = 'globex-canary'

/** Nothing changes a row of it, so its canaries are inserted. */
const appendOnly = 'audit_events'

/** Columns whose texts have a fixed vocabulary, name a file, or never leave the database. */
const others = [
  'users.password',
  'users.role',
  'users.language',
  'users.photo',
  'sessions.revoked_reason',
  'one_time_tokens.purpose',
  'one_time_tokens.token_hash',
  'invitations.role',
  'invitations.token_hash',
  'settings.registration',
  'settings.logo',
  'settings.brand_color',
  'settings.language',
  'signing_keys.kid',
  'signing_keys.public_key',
  'signing_keys.private_key',
  'standing.state',
  'idempotency_keys.key',
  'idempotency_keys.digest',
  'idempotency_keys.answer',
  'sessions.amr',
  'settings.second_factor',
  'factors.kind',
  'factors.secret',
  'factors.credential_id',
  'factors.public_key',
  'factors.rp_id',
  'recovery_codes.code_hash',
  'challenges.purpose',
  'challenges.token_hash',
  'challenges.webauthn',
  'devices.token_hash',
]

/** Adds a row to each table of an organisation, and puts the canary into every text in it. */
export async function fillWithCanaries(sql: postgres.Sql, { id, schema }: Place): Promise<void> {
  const [user, at] = [newId(), sql(schema)]
  await sql`update platform.tenants set name = ${`${canary} Ltd`}, business_email = ${`${canary}@example.com`} where id = ${id}`
  await sql`insert into ${at}.departments (id, name, created, updated) values (${newId()}, '', now(), now())`
  await sql`insert into ${at}.users (id, email, activated_at, date_joined) values (${user}, 'x', now(), now())`
  await sql`
    insert into ${at}.sessions (id, user_id, rotated_at, created, expires_at)
    values (${newId()}, ${user}, now(), now(), now() + interval '1 day')`
  await sql`
    insert into ${at}.one_time_tokens (id, user_id, purpose, token_hash, created, expires_at)
    values (${newId()}, ${user}, 'reset', '', now(), now() + interval '1 day')`
  await sql`
    insert into ${at}.factors (id, user_id, kind, name, created, confirmed_at, credential_id, public_key, counter, rp_id)
    values (${newId()}, ${user}, 'passkey', '', now(), now(), 'x', 'x', 0, 'x')`
  await sql`
    insert into ${at}.recovery_codes (id, user_id, code_hash, created) values (${newId()}, ${user}, '', now())`
  await sql`
    insert into ${at}.challenges (id, user_id, purpose, token_hash, created, expires_at)
    values (${newId()}, ${user}, 'sign_in', '', now(), now() + interval '1 day')`
  await sql`
    insert into ${at}.devices (id, user_id, token_hash, created, last_used, expires_at)
    values (${newId()}, ${user}, '', now(), now(), now() + interval '1 day')`
  await sql`
    insert into ${at}.invitations (id, email, token_hash, created, expires_at)
    values (${newId()}, '', '', now(), now() + interval '1 day')`
  await sql`
    insert into ${at}.audit_events (id, created, action, ip, request_id, details)
    values (${newId()}, now(), 'user.created', ${canary}, ${canary}, ${sql.json({ email: canary })})`
  for (const column of await textColumns(sql, schema)) await fill(sql, schema, column, user)
}

interface Column {
  table: string
  column: string
  type: string
}

async function textColumns(sql: postgres.Sql, schema: string): Promise<Column[]> {
  const columns = await sql<Column[]>`
    select table_name as table, column_name as column, data_type as type from information_schema.columns
    where table_schema = ${schema} and data_type in ('text', 'character varying', 'jsonb', 'ARRAY')
      and is_generated = 'NEVER'`
  return columns.filter(({ table, column }) => table !== appendOnly && !others.includes(`${table}.${column}`))
}

// The people who sign in keep their addresses.
async function fill(sql: postgres.Sql, schema: string, { table, column, type }: Column, user: string): Promise<void> {
  const text = column === 'email' ? `${canary}@example.com` : `${canary} ${column}`
  const value = { ARRAY: [`${canary}.example.com`], jsonb: sql.json({ email: text }) }[type] ?? text
  const where = table === 'users' ? sql`where id = ${user}` : sql``
  const filled = await sql`update ${sql(schema)}.${sql(table)} set ${sql(column)} = ${value} ${where} returning 1`
  if (filled.length === 0) throw new Error(`${table}: add a row in ${import.meta.filename}`)
}
