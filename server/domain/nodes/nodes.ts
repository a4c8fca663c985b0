import { sql } from 'drizzle-orm'
import { askNodes, isCluster, isStored } from '#server/database/citus.ts'
import type { App } from '#server/domain/context.ts'

/** A machine of a Citus cluster. */
export interface ClusterNode {
  /** Such as `db2.internal:5432`. */
  address: string
  is_coordinator: boolean
  is_active: boolean
  /** Whether it takes new organisations. */
  takes_tenants: boolean
  /** Subdomains, sorted. */
  tenants: string[]
  spare_schemas: number
  /** Null if it does not answer. */
  state: NodeState | null
  /** Why it does not answer. */
  problem: string | null
}

/** What a node says about itself. */
export interface NodeState {
  postgresql: string
  citus: string
  max_prepared_transactions: number
  wal_level: string
  /** To this database. */
  connections: number
  max_connections: number
  /** Connections that run a statement at this moment. */
  active: number
  /** Bytes of the organisations' tables. */
  size: number
  /** Prepared transactions that nobody has ended for ten minutes. */
  left_behind: string[]
}

/** @throws Error where the database is not Citus */
export async function requireCluster({ database }: App): Promise<void> {
  if (!(await isCluster(database))) throw new Error('The database is not Citus: all organisations are on one machine.')
}

/** The nodes of the cluster, the coordinator first; none where the database is not Citus. */
export async function listNodes(app: App): Promise<ClusterNode[]> {
  if (!(await isCluster(app.database))) return []
  const [nodes, schemas, states] = await Promise.all([readNodes(app), readPlaces(app), readStates(app)])
  return nodes.map(({ id, group, ...node }) => {
    const own = schemas.filter(place => place.group === group)
    return {
      ...node,
      is_coordinator: group === 0,
      tenants: own.flatMap(({ subdomain }) => subdomain ?? []),
      spare_schemas: own.filter(({ is_spare }) => is_spare).length,
      state: states.get(id)?.state ?? null,
      problem: states.get(id)?.problem ?? null,
    }
  })
}

interface NodeRow extends Record<string, unknown> {
  id: number
  group: number
  address: string
  is_active: boolean
  takes_tenants: boolean
}

function readNodes({ database: { platform } }: App) {
  return platform.db.execute<NodeRow>(sql`
    select nodeid as id, groupid as "group", nodename || ':' || nodeport as address, isactive as is_active,
      isactive and shouldhaveshards as takes_tenants
    from pg_dist_node where noderole = 'primary' order by groupid`)
}

interface PlaceRow extends Record<string, unknown> {
  schema: string
  group: number
  subdomain: string | null
  is_spare: boolean
}

/** The node group of each distributed schema. */
export function readPlaces({ database: { platform } }: App) {
  return platform.db.execute<PlaceRow>(sql`
    select n.nspname::text as schema, max(l.groupid) as "group", t.subdomain, p.schema is not null as is_spare
    from pg_dist_schema s join pg_namespace n on n.oid = s.schemaid
    join pg_dist_partition c on c.colocationid = s.colocationid join pg_dist_shard h on h.logicalrelid = c.logicalrelid
    join pg_dist_placement l on l.shardid = h.shardid
    left join platform.tenants t on t.schema = n.nspname left join platform.spare_schemas p on p.schema = n.nspname
    group by n.nspname, t.subdomain, p.schema order by t.subdomain, n.nspname`)
}

const stateQuery = sql`
  select json_build_object(
    'postgresql', current_setting('server_version'),
    'citus', (select extversion from pg_extension where extname = 'citus'),
    'max_prepared_transactions', current_setting('max_prepared_transactions')::int,
    'wal_level', current_setting('wal_level'),
    'connections', (select count(*) from pg_stat_activity where datname = current_database()),
    'max_connections', current_setting('max_connections')::int,
    'active', (select count(*) from pg_stat_activity
      where datname = current_database() and state = 'active' and pid <> pg_backend_pid()),
    'size', (select coalesce(sum(pg_total_relation_size(c.oid)), 0)
      from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname ~ '^t_' and c.relkind in ('r', 'p') and ${isStored}),
    'left_behind', (select coalesce(json_agg(gid order by prepared), '[]') from pg_prepared_xacts
      where database = current_database() and prepared < now() - interval '10 minutes'))::text`

async function readStates({ database }: App) {
  const answers = await askNodes(database, stateQuery)
  return new Map(
    answers.map(({ node, text, problem }) => [
      node,
      { state: text === undefined ? null : (JSON.parse(text) as NodeState), problem: problem ?? null },
    ]),
  )
}
