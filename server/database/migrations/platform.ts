import type { Database } from '#server/database/realms.ts'
import type { Migration } from './files.ts'
import { targetVersion } from './files.ts'
import { pendingMigrations, readRecord } from './records.ts'

/**
 * What the platform's schema lacks, in a sentence; null: nothing.
 * @throws MigrationError when a migration was edited after it was applied, or breaks this program
 */
export async function missingPlatform({ platform }: Database, migrations: Migration[]): Promise<string | null> {
  const record = await readRecord(platform.db, 'platform')
  if (!record) return 'The database has no schema platform yet.'
  const { length } = pendingMigrations('platform', record, migrations)
  if (length === 0) return null
  const number = length === 1 ? 'one migration' : `${length} migrations`
  return `The schema platform lacks ${number}, up to ${targetVersion(migrations)}.`
}
