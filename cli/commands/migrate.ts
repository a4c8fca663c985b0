import { fleetStatus, migrateFleet } from '#server/database/migrations/fleet.ts'
import { requireTenant } from '#server/domain/tenants/tenants.ts'
import { showProgress } from '../progress.ts'
import { UsageError, defineTask, wholeNumber } from '../task.ts'

export default defineTask({
  name: 'migrate',
  description: 'Bring every organisation\'s schema to the newest version; "migrate status" says how far they are',
  args: {
    'action': { type: 'positional', description: 'status: only look', required: false },
    'tenant': { type: 'string', description: 'Only this subdomain' },
    'parallel': { type: 'string', description: 'How many schemas at once', default: '4' },
    'dry-run': { type: 'boolean', description: 'Say what would be done' },
  },
  slots: ({ parallel }) => ({
    size: 1 + wholeNumber('parallel', parallel, 1, 64),
    statementTimeout: 600_000,
    lockTimeout: 10_000,
  }),
  async run({ app, migrations, args }) {
    if (args.action === 'status') {
      const status = await fleetStatus(app.database, migrations.tenant)
      return {
        json: status,
        text: [
          `${status.current} at ${status.target}, ${status.behind.length} behind.`,
          ...status.behind.map(
            row =>
              `${row.subdomain}: ${row.version ?? 'no version'} (${row.state})${row.error ? `: ${row.error}` : ''}`,
          ),
        ].join('\n'),
      }
    }
    if (args.action !== undefined) throw new UsageError(`Unknown action: ${args.action}`)
    if (args.tenant !== undefined) await requireTenant(app, args.tenant)
    const report = await migrateFleet(app.database, migrations.tenant, {
      parallel: wholeNumber('parallel', args.parallel, 1, 64),
      subdomain: args.tenant,
      dryRun: args['dry-run'],
      onProgress: showProgress('Migrating'),
      signal: interruption(),
    })
    return {
      json: report,
      text: [
        `${report.done} ${args['dry-run'] ? 'to migrate' : 'migrated'}, ${report.skipped} already at ${report.target}, ${report.failed.length} failed.`,
        ...report.failed.map(({ subdomain, error }) => `${subdomain}: ${error}`),
      ].join('\n'),
      failed: report.failed.length > 0 || report.interrupted,
    }
  },
})

// Migrations that have begun are finished; the next run does the rest.
function interruption(): AbortSignal {
  const controller = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => controller.abort())
  return controller.signal
}
