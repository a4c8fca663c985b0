import { statfs } from 'node:fs/promises'
import { and, isNotNull, isNull, sql } from 'drizzle-orm'
import type { Db, PlatformRealm } from '#server/database/realms.ts'
import { version } from '#server/config/version.ts'
import type { App } from '#server/domain/context.ts'

/**
 * The health of the database, this process and its environment. Four queries.
 * @param isListening whether notifications reach this process
 */
export async function readHealth({ database: { platform, slots }, config }: App, isListening: boolean) {
  const latency_ms = await measureLatency(platform.db)
  const [database, outbox, spare_schemas, disk] = await Promise.all([
    readDatabase(platform.db),
    readOutbox(platform),
    platform.db.$count(platform.tables.spare_schemas),
    readDisk(config.dataDir),
  ])
  return {
    database: { ...database, latency_ms, is_embedded: config.databaseUrl === undefined },
    slots: slots.inspect(),
    outbox,
    spare_schemas,
    disk,
    is_listening: isListening,
    process: readProcess(),
  }
}

function readProcess() {
  return {
    version,
    pid: process.pid,
    node: process.versions.node,
    uptime: Math.round(process.uptime()),
    memory: process.memoryUsage.rss(),
  }
}

/** @returns milliseconds of an empty query */
async function measureLatency(db: Db): Promise<number> {
  const start = performance.now()
  await db.execute(sql`select 1`)
  return Math.round((performance.now() - start) * 100) / 100
}

async function readDatabase(db: Db) {
  const rows = await db.execute<{
    version: string
    started: string
    size: number
    connections: number
    max_connections: number
  }>(sql`
    select current_setting('server_version') as version, to_json(pg_postmaster_start_time()) as started,
      pg_database_size(current_database())::float8 as size,
      (select count(*)::int from pg_stat_activity where datname = current_database()) as connections,
      current_setting('max_connections')::int as max_connections`)
  return rows[0]!
}

async function readOutbox({ db, tables: { outbox } }: PlatformRealm) {
  const pending = and(isNull(outbox.sent_at), isNull(outbox.given_up_at))
  const rows = await db
    .select({
      waiting: sql<number>`(count(*) filter (where ${pending}))::int`,
      delayed: sql<number>`(count(*) filter (where ${and(pending, isNotNull(outbox.last_error))}))::int`,
      failed: sql<number>`(count(*) filter (where ${isNotNull(outbox.given_up_at)}))::int`,
      oldest: sql<string | null>`to_json(min(${outbox.created}) filter (where ${pending}))`,
    })
    .from(outbox)
  return rows[0]!
}

/** @returns bytes, or null if the folder does not exist, for example if the database is on another machine */
async function readDisk(folder: string): Promise<{ free: number; total: number } | null> {
  try {
    const { bavail, blocks, bsize } = await statfs(folder)
    return { free: bavail * bsize, total: blocks * bsize }
  } catch {
    return null
  }
}
