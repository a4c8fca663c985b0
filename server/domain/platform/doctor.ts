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
  return [
    await checkDatabase(app),
    await checkConnection(app),
    await checkPrivileges(app),
    await checkTransactions(app),
    await checkNodes(app),
    await checkPlatform(app, migrations),
    await checkVersions(app, migrations),
    await checkSchemas(app),
    await checkDrift(app, migrations.tenant),
    await checkStorage(app),
    await checkFiles(app),
    await checkStates(app),
    await checkOperations(app),
    await checkStandings(app),
    await checkKeys(app),
    await checkSecrets(app),
    await checkOperators(app),
    await checkArchives(app),
    await checkArchiveSchedules(app),
    await checkPictures(app),
    await checkIndexes(app),
    checkProxies(app),
    await checkClock(app),
    await checkMail(app),
    await checkDomain(app),
  ]
}
