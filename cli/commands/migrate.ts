import { fleetStatus } from '#server/database/migrations/fleet-rows.ts'
import type { FleetOptions } from '#server/database/migrations/fleet.ts'
import { migrateFleet } from '#server/database/migrations/fleet.ts'
import { planMigrations } from '#server/database/migrations/plan.ts'
import { fromSystem } from '#server/domain/context.ts'
import { stopFleetMigration } from '#server/domain/migrations/runs.ts'
import { requireTenant } from '#server/domain/tenants/tenants.ts'
import { describeDryRun, describeResult, describeStatus } from '../migrations/describe-fleet.ts'
import { describePlan } from '../migrations/describe-plan.ts'
import { runFleet } from '../migrations/run-fleet.ts'
import { showProgress } from '../progress.ts'
import { UsageError, defineTask, wholeNumber } from '../task.ts'

const actions = ['status', 'plan', 'pause', 'resume', 'retry']

export default defineTask({
  name: 'migrate',
  description: 'Migrate all organisations to the latest version',
  args: {
    'action': {
      type: 'positional',
      description:
        'status: show versions; plan: show what would be done; pause: stop the run in progress; resume: go on with it; retry: only those that have failed',
      required: false,
    },
    'tenant': { type: 'string', description: 'Only the organisation with this subdomain' },
    'canary': { type: 'string', description: 'The organisations that come first, separated by commas' },
    'batch': { type: 'string', description: 'Number of organisations in each further wave; 200 by default' },
    'max-errors': { type: 'string', description: 'The run halts when more than these have failed; 10 by default' },
    'parallel': { type: 'string', description: 'Largest number of schemas to migrate at the same time', default: '4' },
    'dry-run': { type: 'boolean', description: 'Count what would be migrated, change nothing' },
  },
  onlyLooks: ({ action, ...args }) => action === 'status' || action === 'plan' || args['dry-run'] === true,
  slots: ({ parallel }) => ({
    size: 1 + wholeNumber('parallel', parallel, 1, 64),
    statementTimeout: 600_000,
    lockTimeout: 10_000,
  }),
  async run({ app, migrations, args }) {
    const { action, tenant } = args
    if (action !== undefined && !actions.includes(action)) throw new UsageError(`Unknown action: ${action}`)
    if (action === 'status') return describeStatus(await fleetStatus(app.database, migrations.tenant))
    if (action === 'plan') return describePlan(await planMigrations(app.database, migrations))
    if (action === 'pause') {
      if (!(await stopFleetMigration(app, fromSystem, 'pause'))) throw new Error('No migration is under way.')
      return { json: { stopping: true }, text: 'It stops after the migrations in progress.' }
    }
    const parallel = wholeNumber('parallel', args.parallel, 1, 64)
    if (tenant !== undefined || args['dry-run']) {
      if (tenant !== undefined) await requireTenant(app, tenant)
      const options: FleetOptions = { parallel, subdomain: tenant, dryRun: args['dry-run'] }
      const onProgress = showProgress('Migrating')
      const report = await migrateFleet(app.database, migrations.tenant, { ...options, onProgress })
      if (args['dry-run']) return describeDryRun(report)
      return describeResult({ ...report, outcome: report.failed.length > 0 ? 'failed' : 'completed', behind: 0 })
    }
    const canaries = args.canary?.split(',').filter(Boolean)
    for (const subdomain of canaries ?? []) await requireTenant(app, subdomain)
    return runFleet(app, migrations, {
      isResumed: action === 'resume',
      isJson: args.json ?? false,
      options: {
        parallel,
        ...(canaries ? { canaries } : {}),
        ...(args.batch === undefined ? {} : { batch: wholeNumber('batch', args.batch, 1, 100_000) }),
        ...(args['max-errors'] === undefined
          ? {}
          : { max_errors: wholeNumber('max-errors', args['max-errors'], 0, 100_000) }),
        ...(action === 'retry' ? { only_failed: true } : {}),
      },
    })
  },
})
