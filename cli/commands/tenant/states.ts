import type { App } from '#server/domain/context.ts'
import { fromSystem } from '#server/domain/context.ts'
import { runOperation } from '#server/domain/operations/runner.ts'
import { purgeTenant, restoreTenant, scheduleDeletion } from '#server/domain/tenants/lifecycle/deletion.ts'
import { endMaintenance, startMaintenance } from '#server/domain/tenants/lifecycle/maintenance.ts'
import { resumeTenant, suspendTenant } from '#server/domain/tenants/lifecycle/suspension.ts'
import type { TenantRow } from '#server/domain/tenants/tenants.ts'
import { requireTenant } from '#server/domain/tenants/tenants.ts'
import { showSteps } from '../../progress.ts'
import { defineTask, UsageError } from '../../task.ts'
import { details, subdomain } from './describe.ts'

const reason = { type: 'string', description: 'Why, for its admins and for operators' } as const

export const suspend = defineTask({
  name: 'suspend',
  description: "Close an organisation's portal and API, at once",
  args: { subdomain, reason },
  run: ({ app, args }) => change(app, args.subdomain, id => suspendTenant(app, id, args.reason ?? null, fromSystem)),
})

export const resume = defineTask({
  name: 'resume',
  description: 'Open a suspended organisation again',
  args: { subdomain },
  run: ({ app, args }) => change(app, args.subdomain, id => resumeTenant(app, id, fromSystem)),
})

export const maintenance = defineTask({
  name: 'maintenance',
  description: 'Answer 503 for one organisation while it is worked on',
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
  description: 'Close an organisation, to be removed when its grace is over; with --now, remove it for good',
  args: {
    subdomain,
    reason,
    now: { type: 'boolean', description: 'Remove it at once, with all that it has' },
    yes: { type: 'boolean', description: 'Say that you mean it' },
  },
  async run({ app, migrations, args }) {
    const { id, name } = await requireTenant(app, args.subdomain)
    if (!args.yes)
      throw new UsageError(
        `${args.now ? `This removes ${name} for good` : `This closes ${name}`}. Say --yes if you mean it`,
      )
    if (!args.now) return change(app, args.subdomain, () => scheduleDeletion(app, id, args.reason ?? null, fromSystem))
    const operation = await runOperation(app, migrations, await purgeTenant(app, id, fromSystem, { held: true }), {
      onProgress: showSteps(),
    })
    const { state, error } = operation
    return {
      json: {
        id,
        name,
        subdomain: args.subdomain,
        status: state === 'done' ? 'gone' : 'purging',
        operation: operation.id,
        error,
      },
      text: state === 'done' ? `${name} is gone.` : `${name} could not be removed: ${error}`,
      failed: state !== 'done',
    }
  },
})

export const restore = defineTask({
  name: 'restore',
  description: 'Take a scheduled deletion back',
  args: { subdomain },
  run: ({ app, args }) => change(app, args.subdomain, id => restoreTenant(app, id, fromSystem)),
})

async function change(app: App, of: string, work: (id: string) => Promise<TenantRow>) {
  const tenant = await work((await requireTenant(app, of)).id)
  const { name, status, maintenance_since, purge_after } = tenant
  const until = purge_after ? ` until ${purge_after.toISOString()}, when it is removed` : ''
  return {
    json: details(app, tenant),
    text: `${name} is ${status}${until}${maintenance_since ? ', and in maintenance' : ''}.`,
  }
}
