import { defineCommand } from 'citty'
import { listSpares } from '#server/database/migrations/spare-schemas.ts'
import { drainPool, fillPool } from '#server/domain/tenants/pool.ts'
import { defineTask, wholeNumber } from '../task.ts'

const status = defineTask({
  name: 'status',
  description: 'List the spare schemas',
  args: {},
  async run({ app, migrations }) {
    const spares = await listSpares(app.database, migrations.tenant)
    const ready = spares.filter(({ is_current }) => is_current).length
    return {
      json: { size: app.config.poolSize, ready, spares },
      text: [
        `${ready} of ${app.config.poolSize} ready.`,
        ...spares.map(
          ({ schema, version, is_current }) =>
            `${schema}  ${version ?? 'no version'}${is_current ? '' : '  not this version'}`,
        ),
      ].join('\n'),
    }
  },
})

const fill = defineTask({
  name: 'fill',
  description: 'Make spare schemas until there are enough, and drop those of an older version',
  args: { size: { type: 'string', description: 'How many there are to be; POOL_SIZE unless said' } },
  async run({ app, migrations, args }) {
    const size = args.size === undefined ? app.config.poolSize : wholeNumber('size', args.size, 0, 1_000)
    const report = await fillPool(app, migrations.tenant, size)
    return { json: report, text: `${report.made} made, ${report.dropped} dropped.` }
  },
})

const drain = defineTask({
  name: 'drain',
  description: 'Drop all spare schemas; a running server makes new ones',
  args: {},
  async run({ app, migrations }) {
    const dropped = await drainPool(app, migrations.tenant)
    return { json: { dropped }, text: `${dropped} dropped.` }
  },
})

export default defineCommand({
  meta: { name: 'pool', description: 'Schemas made in advance, for organisations to come' },
  subCommands: { status, fill, drain },
})
