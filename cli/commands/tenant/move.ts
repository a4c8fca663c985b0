import { setInterval as every } from 'node:timers/promises'
import type { App } from '#server/domain/context.ts'
import { moveTenant, readMoveStep } from '#server/domain/nodes/move.ts'
import { requireTenant } from '#server/domain/tenants/tenants.ts'
import { showSteps } from '../../progress.ts'
import { defineTask } from '../../task.ts'
import { identity, subdomain } from './describe.ts'

/** Milliseconds: a day to copy, and a while for writes that are in progress to end. */
const limits = { statementTimeout: 24 * 60 * 60_000, lockTimeout: 30_000 }

export const move = defineTask({
  name: 'move',
  description:
    'Move an organisation to another machine of a Citus cluster, while it is in use. It goes on if interrupted',
  args: {
    subdomain,
    node: { type: 'string', description: 'Host and port of the machine, as tenantry nodes lists it', required: true },
  },
  slots: () => limits,
  async run({ app, args }) {
    const tenant = await requireTenant(app, args.subdomain)
    const moved = new AbortController()
    const shown = showMove(app, moved.signal)
    const from = await moveTenant(app, tenant, args.node).finally(() => moved.abort())
    await shown
    return {
      json: { ...identity(tenant), from, to: args.node },
      text: `${tenant.name} was moved from ${from} to ${args.node}.`,
    }
  },
})

/** Shows each second what Citus does, until the signal. */
async function showMove(app: App, signal: AbortSignal): Promise<void> {
  const show = showSteps()
  let shown = false
  try {
    for await (const _ of every(1_000, undefined, { signal })) {
      const step = await readMoveStep(app)
      if (step) show({ step, done: 0, total: 0 })
      shown ||= step !== undefined
    }
  } catch {
    // The signal, or a lost connection: the move itself reports that.
  }
  if (shown) show({ step: null, done: 0, total: 0 })
}
