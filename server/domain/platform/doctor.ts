import { join } from 'node:path'
import { getTableName, ne, sql } from 'drizzle-orm'
import type { PgTable } from 'drizzle-orm/pg-core'
import { targetVersion } from '#server/database/migrations/files.ts'
import { fleetStatus } from '#server/database/migrations/fleet.ts'
import type { MigrationSets } from '#server/database/migrations/runner.ts'
import { pendingMigrations } from '#server/database/migrations/runner.ts'
import { checkPooler, PoolerError } from '#server/database/pooler.ts'
import { checkArchives, checkPictures } from '#server/domain/archives/checks.ts'
import type { App } from '#server/domain/context.ts'
import { canOpenKeys } from '#server/domain/keys/ring.ts'
import type { Check } from './check.ts'
import { findOrphanFolders } from './orphans.ts'

/** Looks at everything that can be wrong without anyone noticing; changes nothing. */
export async function examine(app: App, migrations: MigrationSets): Promise<Check[]> {
  return [
    await checkDatabase(app),
    await checkConnection(app),
    await checkPlatform(app, migrations),
    await checkVersions(app, migrations),
    await checkSchemas(app),
    await checkFiles(app),
    await checkStates(app),
    await checkOperations(app),
    await checkKeys(app),
    await checkArchives(app),
    await checkPictures(app),
  ]
}

async function checkDatabase({ database }: App): Promise<Check> {
  const rows = await database.platform.db.execute<{ version: string; number: number }>(
    sql`select current_setting('server_version') as version, current_setting('server_version_num')::int as number`,
  )
  const { version, number } = rows[0]!
  return {
    name: 'database',
    found: `PostgreSQL ${version}`,
    problems: number < 150_000 ? ['PostgreSQL 15 or newer is needed.'] : [],
  }
}

async function checkConnection({ config, databaseUrl }: App): Promise<Check> {
  const problem = await checkPooler(databaseUrl, config.dbPrepare).catch((error: unknown) => {
    if (!(error instanceof PoolerError)) throw error
    return error.message
  })
  return {
    name: 'connection',
    found: config.dbPrepare ? 'with prepared statements' : 'without prepared statements',
    problems: problem ? [problem] : [],
  }
}

async function checkPlatform({ database }: App, migrations: MigrationSets): Promise<Check> {
  const {
    db,
    tables: { schema_versions: versions },
  } = database.platform
  const rows = await db
    .select({ applied: versions.applied, version: versions.version })
    .from(versions)
    .where(sql`${versions.schema} = 'platform'`)
  const pending = pendingMigrations('platform', rows[0]?.applied ?? [], migrations.platform)
  return {
    name: 'platform schema',
    found: rows[0]?.version ?? 'missing',
    problems: pending.map(({ name }) => `${name} has not been applied.`),
  }
}

async function checkVersions({ database }: App, migrations: MigrationSets): Promise<Check> {
  const { current, behind } = await fleetStatus(database, migrations.tenant)
  return {
    name: 'tenant versions',
    found: `${current} at ${targetVersion(migrations.tenant)}`,
    problems: behind.map(
      ({ subdomain, version, error }) =>
        `${subdomain} is at ${version ?? 'no version'}${error ? `: ${error}` : ''}. Run: tenantry migrate --tenant ${subdomain}`,
    ),
  }
}

/** Schemas without a tenant, tenants and spares without a schema, tables made or dropped by hand. */
async function checkSchemas({ database }: App): Promise<Check> {
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
    // Its operation is looked at elsewhere.
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

/** Folders of pictures whose tenant is gone. */
async function checkFiles(app: App): Promise<Check> {
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

/** Tenants on their way to somewhere else, and nobody who takes them there. */
async function checkStates({ database }: App): Promise<Check> {
  const rows = await database.platform.db.execute<{
    subdomain: string
    status: string
    since: string | null
    error: string | null
  }>(sql`
    select t.subdomain, t.status, to_json(t.status_changed) #>> '{}' as since, last.error
    from platform.tenants t
    left join lateral (select o.state, o.error, o.lease_until, o.created from platform.operations o where o.tenant = t.id and o.kind = 'purge' order by o.created desc limit 1) last on true
    where (t.status = 'purging' and not coalesce(last.state in ('queued', 'running') and coalesce(last.lease_until, last.created) > now() - interval '2 minutes', false))
      or (t.status = 'deleting' and t.purge_after < now() - interval '1 day')
    order by t.subdomain`)
  const words: Record<string, string> = {
    purging: 'is being deleted, but no process is working on it',
    deleting: 'is overdue for deletion',
  }
  return {
    name: 'tenant states',
    found: `${rows.length} stuck`,
    problems: rows.map(
      ({ subdomain, status, since, error }) =>
        `${subdomain} ${words[status]}${since ? `, since ${since}` : ''}${error ? ` (${error})` : ''}. Run: tenantry tenant delete ${subdomain} --now --yes`,
    ),
  }
}

/** Long work that no process does. */
async function checkOperations({ database }: App): Promise<Check> {
  const rows = await database.platform.db.execute<{ id: string; kind: string; state: string; created: string }>(sql`
    select id, kind, state, to_json(created) #>> '{}' as created from platform.operations
    where state in ('queued', 'running') and kind <> 'purge' and coalesce(lease_until, created) < now() - interval '2 minutes' order by created`)
  return {
    name: 'operations',
    found: `${rows.length} waiting`,
    problems: rows.map(
      ({ id, kind, state, created }) =>
        `The ${kind} ${id} is ${state} since ${created}, but no process is working on it. Start a server to continue it.`,
    ),
  }
}

/** Every current key must open with the configured SECRET: otherwise nobody can sign in. */
async function checkKeys({ database, config }: App): Promise<Check> {
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
