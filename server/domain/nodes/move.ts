import { sql } from 'drizzle-orm'
import type { App } from '#server/domain/context.ts'
import type { TenantRow } from '#server/domain/tenants/tenants.ts'
import { readPlaces, requireCluster } from './nodes.ts'

/**
 * Moves a tenant's schema to another node while it is in use: Citus copies it, follows its changes, and then lets its
 * writes wait for a moment.
 * @param address of the node, such as `db2.internal:5432`
 * @returns the former address
 * @throws Error where Citus refuses, and for a node that is not there
 */
export async function moveTenant(app: App, { name, schema }: TenantRow, address: string): Promise<string> {
  await requireCluster(app)
  const nodes = await readTargets(app)
  const target = nodes.find(node => node.address === address)
  if (!target) throw new Error(`There is no node ${address}. ${listOf(nodes.map(node => node.address))}`)
  if (!target.takes_tenants) throw new Error(`${address} takes no organisations.`)
  const place = (await readPlaces(app)).find(row => row.schema === schema)
  if (!place) throw new Error(`${name} is not on any node. Run: tenantry doctor`)
  if (place.group === target.group) throw new Error(`${name} is on ${address} already.`)
  // Another realm than the platform's, so that its progress can be read meanwhile.
  await app.database
    .tenant(schema)
    .db.execute(sql`select citus_schema_move(${schema}::regnamespace, ${target.id}::int) as moved`)
  return nodes.find(({ group }) => group === place.group)!.address
}

/** What a move, or a rebalancing, is doing at this moment; undefined: nothing. */
export async function readMoveStep({ database: { platform } }: App): Promise<string | undefined> {
  const rows = await platform.db.execute<{ step: string }>(
    sql`select lower(status) as step from get_rebalance_progress() where progress = 1 order by status limit 1`,
  )
  return rows[0]?.step
}

interface Target extends Record<string, unknown> {
  id: number
  group: number
  address: string
  takes_tenants: boolean
}

function readTargets({ database: { platform } }: App) {
  return platform.db.execute<Target>(sql`
    select nodeid as id, groupid as "group", nodename || ':' || nodeport as address, isactive and shouldhaveshards as takes_tenants
    from pg_dist_node where noderole = 'primary' order by groupid`)
}

function listOf(addresses: string[]): string {
  return addresses.length === 0 ? 'The coordinator knows none.' : `There are ${addresses.join(', ')}.`
}
