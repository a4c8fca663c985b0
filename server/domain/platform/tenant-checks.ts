import { join } from 'node:path'
import { getTableName, ne, sql } from 'drizzle-orm'
import type { PgTable } from 'drizzle-orm/pg-core'
import type { App } from '#server/domain/context.ts'
import { canOpenKeys } from '#server/domain/keys/ring.ts'
import type { Check } from './check.ts'
import { findOrphanFolders } from './orphans.ts'

/** Schemas without a tenant, tenants and spares without a schema, tables that were created or dropped by hand. */
export async function checkSchemas({ database }: App): Promise<Check> {
  const rows = await database.platform.db.execute<{
    schema: string
    owner: string | null
    kind: 'tenant' | 'spare' | null
    status: string | null
    present: string[] | null
  }>(sql`
    select coalesce(o.schema, n.nspname) as schema, o.owner, o.kind, o.status, to_json(n.tables) as present
    from (
      select schema, subdomain as owner, 'tenant' as kind, status from platform.tenants
      union all select schema, 'A spare', 'spare', null from platform.spare_schemas
    ) o
    full join (
      select n.nspname, array_agg(c.relname::text) filter (where c.relname is not null) as tables
      from pg_namespace n left join pg_class c on c.relnamespace = n.oid and c.relkind in ('r', 'p')
      where n.nspname ~ '^t_' group by n.nspname
    ) n on n.nspname = o.schema
    order by 1`)
  const expected = Object.values(database.tenant('t_doctor').tables as unknown as Record<string, PgTable>).map(
    getTableName,
  )
  const problems = rows.flatMap(({ schema, owner, kind, status, present }) => {
    if (owner === null)
      return [
        `Schema ${schema} belongs to no organisation. If you do not need it, run: tenantry doctor --remove-orphans`,
      ]
    // `checkStates` looks at its operation.
    if (status === 'purging') return []
    const tables = new Set(present ?? [])
    if (tables.size === 0)
      return [
        `${owner} has no schema ${schema}. ${kind === 'tenant' ? `Restore it from a backup, or run: tenantry tenant delete ${owner} --now --yes` : 'Run: tenantry pool drain'}`,
      ]
    return [
      ...expected.filter(table => !tables.has(table)).map(table => `${owner} lacks the table ${schema}.${table}.`),
      ...[...tables]
        .filter(table => !expected.includes(table))
        .map(table => `${owner} has an unknown table: ${schema}.${table}.`),
    ]
  })
  return { name: 'schemas', found: `${rows.length} found`, problems }
}

/** Image folders whose tenant no longer exists. */
export async function checkFiles(app: App): Promise<Check> {
  const orphans = await findOrphanFolders(app)
  return {
    name: 'files',
    found: `${orphans.length} orphaned folders`,
    problems: orphans.map(
      name =>
        `The files in ${join(app.config.uploadDir, name)} belong to no organisation. Run: tenantry doctor --remove-orphans`,
    ),
  }
}

/** Every current key must be decryptable with the configured SECRET: otherwise nobody can sign in. */
export async function checkKeys({ database, config }: App): Promise<Check> {
  const {
    db,
    tables: { tenants },
  } = database.platform
  const rows = await db
    .select({ subdomain: tenants.subdomain, schema: tenants.schema })
    .from(tenants)
    .where(ne(tenants.status, 'purging'))
  const problems: string[] = []
  let opened = 0
  for (const { subdomain, schema } of rows) {
    const opens = await canOpenKeys(database.tenant(schema), config.secret).catch(() => false)
    if (opens) opened++
    else problems.push(`${subdomain}'s signing key cannot be decrypted. Check that SECRET has not changed.`)
  }
  return { name: 'signing keys', found: `${opened} can be decrypted with SECRET`, problems }
}
