import type { FleetReport, FleetStatus } from '#server/database/migrations/fleet.ts'
import { fleetStatus, migrateFleet } from '#server/database/migrations/fleet.ts'
import { requireTenant } from '#server/domain/tenants/tenants.ts'
import { showProgress } from '../progress.ts'
import type { Report } from '../task.ts'
import { UsageError, defineTask, wholeNumber } from '../task.ts'

export default defineTask({
  name: 'migrate',
  description: 'Migrate all organisations to the latest version; "migrate status" shows their versions',
  args: {
    'action': { type: 'positional', description: 'status: show versions, change nothing', required: false },
    'tenant': { type: 'string', description: 'Only the organisation with this subdomain' },
    'parallel': { type: 'string', description: 'Number of schemas to migrate at the same time', default: '4' },
    'dry-run': { type: 'boolean', description: 'Show what would be migrated, change nothing' },
  },
  slots: ({ parallel }) => ({
    size: 1 + wholeNumber('parallel', parallel, 1, 64),
    statementTimeout: 600_000,
    lockTimeout: 10_000,
  }),
  async run({ app, migrations, args }) {
    if (args.action === 'status') return describeStatus(await fleetStatus(app.database, migrations.tenant))
    if (args.action !== undefined) throw new UsageError(`Unknown action: ${args.action}`)
    if (args.tenant !== undefined) await requireTenant(app, args.tenant)
    const report = await migrateFleet(app.database, migrations.tenant, {
      parallel: wholeNumber('parallel', args.parallel, 1, 64),
      subdomain: args.tenant,
      dryRun: args['dry-run'],
      onProgress: showProgress('Migrating'),
      signal: interruption(),
    })
    return describeRun(report, args['dry-run'] ? 'to migrate' : 'migrated')
  },
})

function describeStatus(status: FleetStatus): Report {
  const { current, target, behind } = status
  const lines = behind.map(
    row => `${row.subdomain}: ${row.version ?? 'no version'} (${row.state})${row.error ? `: ${row.error}` : ''}`,
  )
  return { json: status, text: [`${current} at ${target}, ${behind.length} behind.`, ...lines].join('\n') }
}

function describeRun(report: FleetReport, done: string): Report {
  const { skipped, target, failed, interrupted } = report
  const sum = `${report.done} ${done}, ${skipped} already at ${target}, ${failed.length} failed.`
  return {
    json: report,
    text: [sum, ...failed.map(({ subdomain, error }) => `${subdomain}: ${error}`)].join('\n'),
    failed: failed.length > 0 || interrupted,
  }
}

// Migrations that have begun are finished; the next run does the rest.
function interruption(): AbortSignal {
  const controller = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => controller.abort())
  return controller.signal
}
