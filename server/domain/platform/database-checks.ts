import { sql } from 'drizzle-orm'
import { reasonOf } from '#server/database/errors.ts'
import { targetVersion } from '#server/database/migrations/files.ts'
import type { FleetState } from '#server/database/migrations/fleet-rows.ts'
import { fleetStatus } from '#server/database/migrations/fleet-rows.ts'
import type { MigrationSets } from '#server/database/migrations/runner.ts'
import { missingPlatform } from '#server/database/migrations/platform.ts'
import { readRecord } from '#server/database/migrations/records.ts'
import { checkPooler, PoolerError } from '#server/database/pooler.ts'
import type { App } from '#server/domain/context.ts'
import { counted, countedAre } from '#server/domain/lib/counted.ts'
import type { Check } from './check.ts'

/** The version of PostgreSQL. */
export async function checkDatabase({ database }: App): Promise<Check> {
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

/** Whether the pooler and DB_PREPARE are compatible. */
export async function checkConnection({ config, databaseUrl }: App): Promise<Check> {
  const problem = await checkPooler(config.databaseUrl ?? databaseUrl, config.dbPrepare).catch((error: unknown) => {
    if (!(error instanceof PoolerError)) throw error
    return error.message
  })
  return {
    name: 'connection',
    found: config.dbPrepare ? 'with prepared statements' : 'without prepared statements',
    problems: problem ? [problem] : [],
  }
}

/** Migrations that the platform's schema lacks. */
export async function checkPlatform({ database }: App, migrations: MigrationSets): Promise<Check> {
  const record = await readRecord(database.platform.db, 'platform')
  const missing = await missingPlatform(database, migrations.platform).catch(reasonOf)
  return {
    name: 'platform schema',
    found: record?.applied.at(-1)?.split(' ')[0] ?? 'missing',
    problems: missing === null ? [] : [`${missing} Run: tenantry migrate`],
  }
}

/** More lines would not be read. */
const shownFailures = 20
const shownNames = 3

/** Tenants that lack migrations. */
export async function checkVersions({ database }: App, migrations: MigrationSets): Promise<Check> {
  const { current, behind } = await fleetStatus(database, migrations.tenant)
  const target = targetVersion(migrations.tenant)
  const failed = behind.filter(({ state, pending }) => state === 'failed' || pending === null)
  const waiting = behind.filter(row => !failed.includes(row)).map(({ subdomain }) => subdomain)
  return {
    name: 'tenant versions',
    found: `${current} at ${target}`,
    problems: [
      ...failed.slice(0, shownFailures).map(describeFailed),
      ...(failed.length > shownFailures
        ? [`${counted(failed.length - shownFailures, 'other')} failed, too. Run: tenantry migrate status`]
        : []),
      ...(waiting.length > 0
        ? [`${countedAre(waiting.length, 'organisation')} behind ${target}: ${summed(waiting)}. Run: tenantry migrate`]
        : []),
    ],
  }
}

function describeFailed({ subdomain, schema, version, error }: FleetState): string {
  return `${subdomain} (schema ${schema}) is at ${version ?? 'no version'} and could not be migrated: ${error ?? 'no reason is known'}. Mend that, then run: tenantry migrate retry`
}

/** The first ones, and how many others there are. */
function summed(names: string[]): string {
  const rest = names.length - shownNames
  return `${names.slice(0, shownNames).join(', ')}${rest > 0 ? ` and ${counted(rest, 'other')}` : ''}`
}
