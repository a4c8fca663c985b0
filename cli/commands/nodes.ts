import { defineCommand } from 'citty'
import { counted } from '#server/domain/lib/counted.ts'
import type { ClusterNode } from '#server/domain/nodes/nodes.ts'
import { listNodes, requireCluster } from '#server/domain/nodes/nodes.ts'
import { rebalance } from '#server/domain/nodes/rebalance.ts'
import { showSteps } from '../progress.ts'
import { linesOf } from '../table.ts'
import { defineTask } from '../task.ts'

const list = defineTask({
  name: 'list',
  description: 'List the machines of a Citus cluster, with their organisations, size and connections',
  args: {},
  onlyLooks: true,
  async run({ app }) {
    await requireCluster(app)
    const nodes = await listNodes(app)
    return { json: nodes, text: linesOf(nodes, cellsOf, 'The coordinator knows no node.') }
  },
})

const balance = defineTask({
  name: 'rebalance',
  description: 'Let Citus move organisations until all machines have about the same size. It goes on if interrupted',
  args: {},
  async run({ app }) {
    const show = showSteps()
    const result = await rebalance(app, ({ done, total }) => show({ step: 'Moving organisations', done, total }))
    if (result) show({ step: null, done: 0, total: 0 })
    if (!result) return { json: null, text: 'There is nothing to move.' }
    return {
      json: result,
      text: `${result.done} of ${result.total} moves done: ${result.state}.`,
      failed: result.state !== 'finished',
    }
  },
})

export default defineCommand({
  meta: { name: 'nodes', description: 'Show and balance the machines of a Citus cluster' },
  default: 'list',
  subCommands: { list, rebalance: balance },
})

function cellsOf({
  address,
  is_coordinator,
  is_active,
  takes_tenants,
  tenants,
  state,
  problem,
}: ClusterNode): string[] {
  const kind = is_coordinator ? 'coordinator' : 'worker'
  const known = [address, is_active ? kind : `${kind}, not active`, counted(tenants.length, 'organisation')]
  if (!state) return [...known, problem ?? 'no answer']
  const { size, connections, max_connections, active, citus, postgresql } = state
  return [
    ...known,
    `${size} bytes`,
    `${connections} of ${max_connections} connections, ${active} active`,
    `PostgreSQL ${postgresql}, Citus ${citus}`,
    ...(takes_tenants || is_coordinator ? [] : ['takes no new organisations']),
  ]
}
