import { sql } from 'drizzle-orm'
import type { App } from '#server/domain/context.ts'
import type { Check } from '#server/domain/platform/check.ts'
import type { ClusterNode } from './nodes.ts'
import { listNodes } from './nodes.ts'

/** Whether the nodes of a Citus cluster can be relied on, and each schema is where it belongs. */
export async function checkNodes(app: App): Promise<Check> {
  const nodes = await listNodes(app)
  if (nodes.length === 0) return { name: 'nodes', found: 'one machine, without Citus', problems: [] }
  const problems = [...nodes.flatMap(faultsOf), ...faultsOfAll(nodes), ...(await findMisplaced(app))]
  return { name: 'nodes', found: `${nodes.length} with Citus ${versionsOf(nodes, 'citus')[0] ?? ''}`.trim(), problems }
}

function faultsOf({ address, is_active, is_coordinator, takes_tenants, state, problem }: ClusterNode): string[] {
  const [host, port] = [address.slice(0, address.lastIndexOf(':')), address.slice(address.lastIndexOf(':') + 1)]
  if (!is_active)
    return [`${address} is not active. Run as a superuser: select citus_activate_node('${host}', ${port})`]
  if (!state) return [`${address} does not answer: ${problem ?? 'no reason given'}`]
  const faults: string[] = []
  if (state.max_prepared_transactions === 0)
    faults.push(`${address} has max_prepared_transactions = 0: nothing that concerns two machines can be changed.`)
  if (!is_coordinator && takes_tenants && state.wal_level !== 'logical')
    faults.push(`${address} has wal_level = ${state.wal_level}: organisations cannot be moved. Set it to logical.`)
  for (const gid of is_coordinator ? [] : state.left_behind)
    faults.push(
      `The transaction '${gid}' is prepared on ${address} for more than ten minutes, and holds its locks. See docs/operations.md, Citus.`,
    )
  return faults
}

function faultsOfAll(nodes: ClusterNode[]): string[] {
  const faults: string[] = []
  if (!nodes.some(({ takes_tenants }) => takes_tenants)) faults.push('No node takes organisations.')
  for (const [key, program] of [
    ['citus', 'Citus'],
    ['postgresql', 'PostgreSQL'],
  ] as const) {
    const versions = versionsOf(nodes, key)
    if (versions.length > 1) faults.push(`The nodes have different versions of ${program}: ${versions.join(', ')}.`)
  }
  return faults
}

function versionsOf(nodes: ClusterNode[], key: 'citus' | 'postgresql'): string[] {
  return [...new Set(nodes.flatMap(({ state }) => state?.[key] ?? []))]
}

/** Schemas of organisations that are on the coordinator only, and the platform's tables that are not. */
async function findMisplaced({ database: { platform } }: App): Promise<string[]> {
  const rows = await platform.db.execute<{ schema: string; is_distributed: boolean }>(sql`
    select n.nspname::text as schema, d.schemaid is not null as is_distributed
    from pg_namespace n left join pg_dist_schema d on d.schemaid = n.oid
    where (n.nspname in (select schema from platform.schema_versions where schema <> 'platform') and d.schemaid is null)
      or (n.nspname in ('platform', 'pgboss') and d.schemaid is not null)
    order by 1`)
  return rows.map(({ schema, is_distributed }) =>
    is_distributed
      ? `${schema} is distributed. Run: select citus_schema_undistribute('${schema}')`
      : `${schema} is not distributed. Run: select citus_schema_distribute('${schema}')`,
  )
}
