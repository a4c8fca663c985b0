import { fromSystem } from '#server/domain/context.ts'
import { listArchiveSchedules, setArchiveSchedule } from '#server/domain/platform/archive-schedules.ts'
import { requireTenant } from '#server/domain/tenants/tenants.ts'
import { linesOf } from '../../table.ts'
import { defineTask, UsageError, wholeNumber } from '../../task.ts'
import { subdomain } from './describe.ts'

const periods = new Map<string, 'day' | 'week' | null>([
  ['daily', 'day'],
  ['weekly', 'week'],
  ['off', null],
])

export const archiveSchedule = defineTask({
  name: 'archive-schedule',
  description: 'List the schedules of archives, or set the one of an organisation: off, daily or weekly',
  args: {
    subdomain: { ...subdomain, required: false },
    schedule: { type: 'positional', description: 'off, daily or weekly', required: false },
    hour: { type: 'string', description: 'Hour of the day in UTC, from 0 to 23', default: '2' },
  },
  onlyLooks: ({ subdomain }) => subdomain === undefined,
  async run({ app, args }) {
    if (args.subdomain !== undefined) {
      const tenant = await requireTenant(app, args.subdomain)
      const every = periods.get(args.schedule ?? '')
      if (every === undefined) throw new UsageError('archive-schedule takes off, daily or weekly')
      const hour = wholeNumber('hour', args.hour, 0, 23)
      await setArchiveSchedule(app, tenant.id, every && { every, hour }, fromSystem)
    }
    const schedules = await listArchiveSchedules(app)
    return {
      json: schedules,
      text: linesOf(
        schedules,
        ({ subdomain, every, hour, queued_at }) => [
          subdomain,
          `each ${every}`,
          `from ${String(hour).padStart(2, '0')}:00 UTC`,
          queued_at ? `last ${queued_at.toISOString()}` : 'not yet',
        ],
        'No schedules.',
      ),
    }
  },
})
