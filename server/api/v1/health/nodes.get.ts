import type { ClusterNode } from '#server/domain/nodes/nodes.ts'
import { listNodes } from '#server/domain/nodes/nodes.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { nodesAnswer } from '#shared/answers/platform.ts'
import { canReadTenants } from '#shared/permissions.ts'

/** The machines of a Citus cluster, as each of them describes itself. */
export default definePlatformRoute(
  { summary: "List the database's machines", access: canReadTenants, answer: nodesAnswer },
  async ({ app }) => ({ nodes: (await listNodes(app)).map(present) }),
)

function present({ tenants, state, ...node }: ClusterNode) {
  return { ...node, tenants: tenants.length, state: state && presentState(state) }
}

function presentState({
  postgresql,
  citus,
  size,
  connections,
  max_connections,
  active,
}: NonNullable<ClusterNode['state']>) {
  return { version: `PostgreSQL ${postgresql}, Citus ${citus}`, size, connections, max_connections, active }
}
