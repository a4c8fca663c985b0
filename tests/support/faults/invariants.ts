import { readdir } from 'node:fs/promises'
import { join, relative } from 'node:path'
import type postgres from 'postgres'
import { fileName } from '#server/domain/images/files.ts'
import { imageSizes } from '#server/domain/images/sizes.ts'

/**
 * What must be true of a database after any fault, once the server has recovered: each tenant is whole and has an
 * Admin, nothing belongs to nobody, and nothing is unfinished that no process works on.
 * @returns a line for each violation
 */
export async function findViolations(sql: postgres.Sql): Promise<string[]> {
  const tenants = await sql<Tenant[]>`select id, schema, subdomain, status from platform.tenants order by subdomain`
  const violations = [
    ...(await schemaViolations(sql)),
    ...(await operationViolations(sql)),
    ...(await mailViolations(sql)),
    ...(await realmViolations(sql, 'platform')),
  ]
  for (const tenant of tenants.filter(({ status }) => status !== 'purging')) {
    violations.push(...(await tenantViolations(sql, tenant)), ...(await realmViolations(sql, tenant.schema)))
  }
  return violations
}

interface Tenant {
  id: string
  schema: string
  subdomain: string
  status: string
}

/** Each schema is a tenant's or a spare one, and has a version; and each of these has its schema. */
async function schemaViolations(sql: postgres.Sql): Promise<string[]> {
  const rows = await sql<{ schema: string; has_schema: boolean; has_owner: boolean; has_version: boolean }[]>`
    with owners as (
      select schema from platform.tenants where status <> 'purging' union all select schema from platform.spare_schemas
    ), schemas as (select nspname::text as schema from pg_namespace where nspname ~ '^t_')
    select schema, bool_or(n) as has_schema, bool_or(o) as has_owner, bool_or(v) as has_version from (
      select schema, true as o, false as n, false as v from owners
      union all select schema, false, true, false from schemas
      union all select schema, false, false, true from platform.schema_versions where schema ~ '^t_'
    ) all_of_them group by schema having not (bool_or(o) and bool_or(n) and bool_or(v))`
  return rows.map(
    ({ schema, has_schema, has_owner, has_version }) =>
      `${schema}: ${[!has_schema && 'no schema', !has_owner && 'no owner', !has_version && 'no version'].filter(Boolean).join(', ')}`,
  )
}

/** No operation is unfinished without a process that works on it. */
async function operationViolations(sql: postgres.Sql): Promise<string[]> {
  const rows = await sql<{ kind: string; state: string }[]>`
    select kind, state from platform.operations
    where state in ('queued', 'running') and coalesce(lease_until < now(), true)`
  const purging = await sql<{ subdomain: string }[]>`
    select subdomain from platform.tenants t where status = 'purging'
    and not exists (select from platform.operations o where o.tenant = t.id and o.state in ('queued', 'running'))`
  return [
    ...rows.map(({ kind, state }) => `an operation ${kind} is ${state}, and nobody works on it`),
    ...purging.map(({ subdomain }) => `${subdomain} is half purged`),
  ]
}

/** No mail was given up, or is of a tenant that does not exist. */
async function mailViolations(sql: postgres.Sql): Promise<string[]> {
  const rows = await sql<{ kind: string; recipient: string }[]>`
    select kind, recipient from platform.outbox where given_up_at is not null
    or (realm <> 'platform' and not exists (select from platform.tenants t where t.id::text = realm))`
  return rows.map(({ kind, recipient }) => `a mail ${kind} to ${recipient} is given up or nobody's`)
}

async function tenantViolations(sql: postgres.Sql, { schema, subdomain, status }: Tenant): Promise<string[]> {
  const violations: string[] = []
  const [counts] = await sql<{ admins: number; settings: number; strays: number; standing: string[] }[]>`
    select
      (select count(*)::int from ${sql(schema)}.users where role = 'Admin' and is_active) as admins,
      (select count(*)::int from ${sql(schema)}.settings) as settings,
      (select count(*)::int from ${sql(schema)}.users u where department is not null
        and not exists (select from ${sql(schema)}.departments d where d.id = u.department)) as strays,
      array(select state from ${sql(schema)}.standing) as standing`
  const { admins, settings, strays, standing } = counts!
  if (status === 'active' && admins < 1) violations.push(`${subdomain} has no active Admin`)
  if (settings !== 1) violations.push(`${subdomain} has ${settings} rows of settings`)
  if (strays > 0) violations.push(`${subdomain} has ${strays} users in departments that do not exist`)
  if (standing.length !== 1 || (standing[0] !== status && standing[0] !== 'maintenance'))
    violations.push(`${subdomain} is ${status}, and its own schema says ${standing.join()}`)
  return violations
}

/** Sessions and links are of users that exist, one key signs, and no user is there twice. */
async function realmViolations(sql: postgres.Sql, schema: string): Promise<string[]> {
  const [counts] = await sql<Record<string, number | null>[]>`
    select
      (select count(*)::int from ${sql(schema)}.sessions s
        where not exists (select from ${sql(schema)}.users u where u.id = s.user_id)) as "sessions without a user",
      (select count(*)::int from ${sql(schema)}.one_time_tokens s
        where not exists (select from ${sql(schema)}.users u where u.id = s.user_id)) as "links without a user",
      (select count(*) - count(distinct lower(email)) from ${sql(schema)}.users)::int as "users twice",
      (select abs(1 - count(*))::int from ${sql(schema)}.signing_keys
        where activated_at is not null and retired_at is null
        having exists (select from ${sql(schema)}.users)) as "signing keys too many or too few"`
  return Object.entries(counts!).flatMap(([what, count]) =>
    count === 0 || count === null ? [] : `${schema}: ${count} ${what}`,
  )
}

/**
 * Looks for the canaries of other tenants in every row of every table of each tenant.
 * @param tenants the schema of each, and a text that is in its rows and in those of no other
 * @returns a line for each table with such a row
 */
export async function findForeignRows(
  sql: postgres.Sql,
  tenants: { schema: string; canary: string }[],
  pattern: RegExp,
): Promise<string[]> {
  const found: string[] = []
  for (const { schema, canary } of tenants) {
    const tables = await sql<{ name: string }[]>`select tablename as name from pg_tables where schemaname = ${schema}`
    for (const { name } of tables) {
      const [row] = await sql<{ strangers: number }[]>`
        select count(*)::int as strangers from ${sql(schema)}.${sql(name)} t
        where replace(t::text, ${canary}, '') ~ ${pattern.source}`
      if (row!.strangers > 0) found.push(`${schema}.${name}: ${row!.strangers} rows with data of another tenant`)
    }
  }
  return found
}

/**
 * Every image that a row names has its files, and every file is named by a row.
 * @returns a line for each violation
 */
export async function findFileViolations(sql: postgres.Sql, schemas: string[], uploadDir: string): Promise<string[]> {
  const violations: string[] = []
  for (const schema of schemas) {
    const rows = await sql<{ owner: string; name: string }[]>`
      select id::text as owner, photo as name from ${sql(schema)}.users where photo is not null
      union all select 'logo', logo from ${sql(schema)}.settings where logo is not null`
    const expected = rows.flatMap(({ owner, name }) => imageSizes.map(size => `${owner}/${fileName(name, size)}`))
    const entries = await readdir(join(uploadDir, schema), { recursive: true, withFileTypes: true }).catch(() => [])
    const present = entries
      .filter(entry => entry.isFile())
      .map(({ parentPath, name }) => relative(join(uploadDir, schema), join(parentPath, name)))
    violations.push(
      ...expected.filter(file => !present.includes(file)).map(file => `${schema} lacks the file ${file}`),
      ...present.filter(file => !expected.includes(file)).map(file => `${schema} has an unknown file ${file}`),
    )
  }
  return violations
}
