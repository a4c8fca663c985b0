import type { MigrationSets } from '#server/database/migrations/runner.ts'
import type { App } from '#server/domain/context.ts'
import { fromSystem } from '#server/domain/context.ts'
import { runOperation } from '#server/domain/operations/runner.ts'
import { purgeTenant, cancelDeletion, scheduleDeletion } from '#server/domain/tenants/lifecycle/deletion.ts'
import { endMaintenance, startMaintenance } from '#server/domain/tenants/lifecycle/maintenance.ts'
import { resumeTenant, suspendTenant } from '#server/domain/tenants/lifecycle/suspension.ts'
import type { TenantRow } from '#server/domain/tenants/tenants.ts'
import { requireTenant } from '#server/domain/tenants/tenants.ts'
import { showSteps } from '../../progress.ts'
import type { Report } from '../../task.ts'
import { defineTask, UsageError } from '../../task.ts'
import { details, subdomain } from './describe.ts'

const reason = { type: 'string', description: 'Reason; admins and operators can see it' } as const

export const suspend = defineTask({
  name: 'suspend',
  description: 'Suspend an organisation: close its portal and API immediately',
  args: { subdomain, reason },
  run: ({ app, args }) => change(app, args.subdomain, id => suspendTenant(app, id, args.reason ?? null, fromSystem)),
})

export const resume = defineTask({
  name: 'resume',
  description: 'Resume a suspended organisation',
  args: { subdomain },
  run: ({ app, args }) => change(app, args.subdomain, id => resumeTenant(app, id, fromSystem)),
})

export const maintenance = defineTask({
  name: 'maintenance',
  description: 'Turn maintenance mode of an organisation on or off; it answers 503 meanwhile',
  args: { subdomain, switch: { type: 'positional', description: 'on or off', required: true } },
  async run({ app, args }) {
    if (args.switch !== 'on' && args.switch !== 'off') throw new UsageError('maintenance takes on or off')
    return change(app, args.subdomain, id =>
      (args.switch === 'on' ? startMaintenance : endMaintenance)(app, id, fromSystem),
    )
  },
})

export const deletion = defineTask({
  name: 'delete',
  description: 'Schedule the deletion of an organisation, or delete it permanently with --now',
  args: {
    subdomain,
    reason,
    now: { type: 'boolean', description: 'Delete the organisation and all its data now' },
    yes: { type: 'boolean', description: 'Confirm' },
  },
  async run({ app, migrations, args }) {
    const { id, name } = await requireTenant(app, args.subdomain)
    if (!args.yes)
      throw new UsageError(
        `This ${args.now ? `permanently deletes ${name}` : `closes ${name} and schedules its deletion`}. Use --yes to confirm`,
      )
    if (!args.now) return change(app, args.subdomain, () => scheduleDeletion(app, id, args.reason ?? null, fromSystem))
    return purge(app, migrations, { id, name, subdomain: args.subdomain })
  },
})

async function purge(
  app: App,
  migrations: MigrationSets,
  tenant: Pick<TenantRow, 'id' | 'name' | 'subdomain'>,
): Promise<Report> {
  const purging = await purgeTenant(app, tenant.id, fromSystem, { held: true })
  const { id, state, error } = await runOperation(app, migrations, purging, { onProgress: showSteps() })
  const isDone = state === 'done'
  return {
    json: { ...tenant, status: isDone ? 'gone' : 'purging', operation: id, error },
    text: isDone ? `${tenant.name} was deleted.` : `${tenant.name} could not be deleted: ${error}`,
    failed: !isDone,
  }
}

export const restore = defineTask({
  name: 'restore',
  description: 'Cancel a scheduled deletion',
  args: { subdomain },
  run: ({ app, args }) => change(app, args.subdomain, id => cancelDeletion(app, id, fromSystem)),
})

async function change(app: App, of: string, work: (id: string) => Promise<TenantRow>) {
  const tenant = await work((await requireTenant(app, of)).id)
  const { name, status, maintenance_since, purge_after } = tenant
  const until = purge_after ? ` and will be deleted after ${purge_after.toISOString()}` : ''
  return {
    json: details(app, tenant),
    text: `${name} is ${status}${until}${maintenance_since ? ' and in maintenance' : ''}.`,
  }
}
