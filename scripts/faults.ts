import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { buildIfNeeded } from './build.ts'
import { installDatabaseTools } from './debian-packages.ts'
import { main, run } from './run.ts'

/** Every test of a fault; those in `tests/api/faults` write a line for each kind into the summary. */
const tests = [
  'tests/api/faults',
  'tests/api/database/abandoned-work.test.ts',
  'tests/api/database/faults.test.ts',
  'tests/api/database/idempotency-crashes.test.ts',
  'tests/api/database/lost-announcements.test.ts',
  'tests/api/database/migrations.test.ts',
  'tests/api/database/poolers.test.ts',
  'tests/api/database/soak.test.ts',
  'tests/api/organization/mail.test.ts',
  'tests/api/processes/rolling-restart.test.ts',
  'tests/api/processes/workers.test.ts',
  'tests/api/tenants/archive-safety.test.ts',
  'tests/api/tenants/purge-faults.test.ts',
  'tests/api/users/files-and-rows.test.ts',
]

interface Report {
  testResults: { name: string; assertionResults: { status: string }[] }[]
}

await main(async () => {
  await buildIfNeeded()
  await installDatabaseTools()
  const folder = await mkdtemp(join(tmpdir(), 'tenantry-faults-'))
  const [report, summary] = [join(folder, 'report.json'), join(folder, 'summary')]
  Object.assign(process.env, { TEST_VOLUME: 'long', FAULTS_REPORT: summary })
  const reporters = ['--reporter=verbose', '--reporter=json', `--outputFile.json=${report}`]
  // Only stops what would never end: a long form takes longer than a short one may.
  const limit = '--testTimeout=3600000'
  // One after another: faults that take turns with others say nothing about how long the server needs to recover.
  process.exitCode = await run('vitest', 'run', '--project', 'api', '--maxWorkers=1', limit, ...reporters, ...tests)
  console.log('\n── faults')
  console.log(await readFile(summary, 'utf8').catch(() => 'No fault was caused.\n'))
  console.log(linesOf(JSON.parse(await readFile(report, 'utf8')) as Report).join('\n'))
  await rm(folder, { recursive: true })
}, 130)

/** How many tests of each file passed, failed, or were skipped. */
function linesOf({ testResults }: Report): string[] {
  return testResults
    .map(({ name, assertionResults }) => {
      const counts = Object.entries(Object.groupBy(assertionResults, ({ status }) => status))
      return `${relative('.', name)}: ${counts.map(([status, all]) => `${all!.length} ${status}`).join(', ')}`
    })
    .sort()
}
