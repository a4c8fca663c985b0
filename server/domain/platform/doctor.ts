import { isStatementRefused } from '#server/database/errors.ts'
import type { MigrationSets } from '#server/database/migrations/runner.ts'
import { checkArchives, checkPictures } from '#server/domain/archives/checks.ts'
import type { App } from '#server/domain/context.ts'
import { checkKeys } from '#server/domain/keys/checks.ts'
import { checkNodes } from '#server/domain/nodes/checks.ts'
import { checkArchiveSchedules } from './archive-schedules.ts'
import type { Check } from './check.ts'
import { checkConnection, checkDatabase, checkPlatform, checkVersions } from './database-checks.ts'
import { checkDrift } from './drift-checks.ts'
import { checkClock, checkDomain, checkIndexes, checkMail, checkProxies } from './environment-checks.ts'
import { checkSecrets } from '#server/domain/secrets/checks.ts'
import { checkOperators } from './operator-checks.ts'
import { checkPrivileges, checkTransactions } from './role-checks.ts'
import { checkOperations, checkStates } from './stalled-checks.ts'
import { checkStorage } from './storage-checks.ts'
import { checkStandings } from './standing-checks.ts'
import { checkFiles, checkSchemas } from './tenant-checks.ts'

/** Checks everything that can be wrong without being noticed. Changes nothing. */
export async function examine(app: App, migrations: MigrationSets): Promise<Check[]> {
  const checks: Check[] = []
  let skipped = 0
  const platform = await checkPlatform(app, migrations)
  const isBehind = platform.problems.length > 0
  for (const check of listChecks(app, migrations, platform)) {
    try {
      checks.push(await check())
    } catch (error) {
      if (!isBehind || !isStatementRefused(error)) throw error
      skipped++
    }
  }
  if (skipped > 0) platform.problems.push(`Checks that need it were left out: ${skipped}.`)
  return checks
}

function listChecks(app: App, migrations: MigrationSets, platform: Check): (() => Check | Promise<Check>)[] {
  return [
    () => checkDatabase(app),
    () => checkConnection(app),
    () => checkPrivileges(app),
    () => checkTransactions(app),
    () => checkNodes(app),
    () => platform,
    () => checkVersions(app, migrations),
    () => checkSchemas(app, migrations.tenant),
    () => checkDrift(app, migrations.tenant),
    () => checkStorage(app),
    () => checkFiles(app),
    () => checkStates(app),
    () => checkOperations(app),
    () => checkStandings(app),
    () => checkKeys(app),
    () => checkSecrets(app),
    () => checkOperators(app),
    () => checkArchives(app),
    () => checkArchiveSchedules(app),
    () => checkPictures(app),
    () => checkIndexes(app),
    () => checkProxies(app),
    () => checkClock(app),
    () => checkMail(app),
    () => checkDomain(app),
  ]
}
