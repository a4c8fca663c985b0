import { defineCommand } from 'citty'
import { listSpares } from '#server/database/migrations/spare-schemas.ts'
import { drainPool, fillPool } from '#server/domain/tenants/pool.ts'
import { defineTask, wholeNumber } from '../task.ts'

const status = defineTask({
  name: 'status',
  description: 'List spare schemas',
  args: {},
  onlyLooks: true,
  async run({ app, migrations }) {
    const spares = await listSpares(app.database, migrations.tenant)
    const ready = spares.filter(({ is_current }) => is_current).length
    return {
      json: { size: app.config.poolSize, ready, spares },
      text: [
        `${ready} of ${app.config.poolSize} ready.`,
        ...spares.map(
          ({ schema, version, is_current }) => `${schema}  ${version ?? 'no version'}${is_current ? '' : '  outdated'}`,
        ),
      ].join('\n'),
    }
  },
})

const fill = defineTask({
  name: 'fill',
  description: 'Create missing spare schemas and drop outdated ones',
  args: { size: { type: 'string', description: 'Target number (default: POOL_SIZE)' } },
  async run({ app, migrations, args }) {
    const size = args.size === undefined ? app.config.poolSize : wholeNumber('size', args.size, 0, 1_000)
    const report = await fillPool(app, migrations.tenant, size)
    return { json: report, text: `${report.made} created, ${report.dropped} dropped.` }
  },
})

const drain = defineTask({
  name: 'drain',
  description: 'Drop all spare schemas; a running server creates new ones',
  args: {},
  async run({ app, migrations }) {
    const dropped = await drainPool(app, migrations.tenant)
    return { json: { dropped }, text: `${dropped} dropped.` }
  },
})

export default defineCommand({
  meta: { name: 'pool', description: 'Manage spare schemas for new organisations' },
  subCommands: { status, fill, drain },
})
