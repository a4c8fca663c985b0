import postgres from 'postgres'

/** The role of the tests: no superuser, with the privileges that docs/operations.md gives it. */
const role = 'tenantry'

/** The superuser's URL of a database on the coordinator that knows its workers; undefined: the tests need no Citus. */
export const citusUrl = process.env.CITUS_URL

/** Creates the role of the tests on all nodes, and deletes what an earlier run has left. @returns their server */
export async function prepareCitus(url: string): Promise<string> {
  await ask(url, `do $$ begin create role ${role} login; exception when duplicate_object then null; end $$`)
  for (const node of await readNodes(url)) {
    const rows = await ask(node, `select datname as name from pg_database where datname ~ '^(test|template)_'`)
    for (const { name } of rows) await ask(node, `drop database ${name} with (force)`)
  }
  const theirs = new URL(url)
  theirs.username = role
  return theirs.href
}

/**
 * Creates a database on every node, empty without a template.
 * @param template its nodes have the same names, so the copies are a cluster, too
 */
export async function createCitusDatabase(url: string, name: string, template?: string): Promise<void> {
  const nodes = await readNodes(url)
  for (const node of nodes)
    await ask(node, `create database ${name} owner ${role}${template ? ` template ${template}` : ''}`)
  if (template) return
  for (const node of nodes) await ask(on(node, name), 'create extension citus')
  const [coordinator, ...workers] = nodes.map(node => new URL(node))
  const there = on(url, name)
  await ask(there, `select citus_set_coordinator_host('${coordinator!.hostname}', ${coordinator!.port})`)
  for (const { hostname, port } of workers) await ask(there, `select citus_add_node('${hostname}', ${port})`)
  await introduceRole(there)
}

/** Citus knows a role in each database on its own; of one that exists, it learns with an object that it gets. */
async function introduceRole(url: string): Promise<void> {
  await ask(url, 'create schema made')
  await ask(url, `create function made.nothing() returns int language sql as 'select 0'`)
  await ask(url, `alter function made.nothing() owner to ${role}`)
  await ask(url, 'drop schema made cascade')
}

/** Closes a database to all, also to Citus's daemon: PostgreSQL copies only what nobody uses. */
export async function closeCitusDatabase(url: string, name: string): Promise<void> {
  for (const node of await readNodes(url)) {
    await ask(node, `alter database ${name} allow_connections false`)
    await ask(node, `select pg_terminate_backend(pid, 10000) from pg_stat_activity where datname = '${name}'`)
  }
}

/** The superuser's URLs of the coordinator and its workers. */
async function readNodes(url: string): Promise<string[]> {
  const rows = await ask(url, 'select nodename as host, nodeport as port from pg_dist_node order by groupid')
  return rows.map(({ host, port }) => Object.assign(new URL(url), { host: `${host}:${port}` }).href)
}

function on(node: string, name: string): string {
  return Object.assign(new URL(node), { pathname: `/${name}` }).href
}

async function ask(url: string, statement: string): Promise<postgres.RowList<postgres.Row[]>> {
  const sql = postgres(url, { max: 1, onnotice: () => {} })
  try {
    return await sql.unsafe(statement)
  } finally {
    await sql.end()
  }
}
