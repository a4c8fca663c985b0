import type { MigrationSets } from '#server/database/migrations/runner.ts'
import type { App } from '#server/domain/context.ts'
import { isPassing } from '#server/domain/operations/errors.ts'
import type { OperationRow } from '#server/domain/operations/operations.ts'
import type { OperationReport } from '#server/domain/operations/report.ts'
import { requireKnownVersion } from './load.ts'
import type { OpenArchive } from './reader.ts'
import { reopenTenant, restoreInPlace } from './restore-in-place.ts'
import { restoreAsNew } from './restore-new.ts'
import { requireArchive, requireWelcome } from './store.ts'
import type { RestoreInput } from './target.ts'

/** Does the work of an operation `restore`. @returns its result */
export async function restoreArchive(
  app: App,
  operation: OperationRow,
  report: OperationReport,
  migrations: MigrationSets,
): Promise<Record<string, unknown>> {
  const input = operation.input as unknown as RestoreInput
  try {
    return await readAndRestore(app, operation, input, report, migrations)
  } catch (error) {
    // An earlier attempt may have closed the tenant; this one may not even have been able to open the archive.
    const isOver = !report.signal.aborted && !isPassing(error)
    if (isOver && !input.place && operation.attempts > 1) await reopenTenant(app, operation, input)
    throw error
  }
}

async function readAndRestore(
  app: App,
  operation: OperationRow,
  input: RestoreInput,
  report: OperationReport,
  migrations: MigrationSets,
): Promise<Record<string, unknown>> {
  const archive = await requireArchive(app, input.archive)
  try {
    requireWelcome(archive, input.foreign)
    requireKnownVersion(archive.manifest, migrations.tenant)
    await check(archive, report)
    return input.place
      ? await restoreAsNew(app, archive, input.place, report, migrations)
      : await restoreInPlace({ app, operation, archive, input, report, migrations })
  } finally {
    await archive.close()
  }
}

// In thousands of bytes, because the progress is stored as integers.
async function check(archive: OpenArchive, report: OperationReport): Promise<void> {
  const thousands = (bytes: number) => Math.floor(bytes / 1000)
  let checked = 0
  report.begin('Checking the archive', thousands(archive.size))
  await archive.verify(async bytes => {
    report.advance(thousands(bytes) - checked)
    checked = thousands(bytes)
    await report.rest()
  })
}
