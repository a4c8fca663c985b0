import { connect, type Socket } from 'node:net'
import type { Sql } from 'postgres'
import { connectDatabase } from '#server/database/driver.ts'

export interface Hold {
  url: string
  countOthers(): Promise<number>
  close(): Promise<void>
}

/**
 * Opens this process's hold: one idle connection that tells other processes that this PostgreSQL is in use.
 * @param revive called when the connection is lost: joins PostgreSQL or starts it again, unless the hold was closed
 * meanwhile
 */
export async function openHold(url: string, revive: (isClosed: () => boolean) => Promise<string>): Promise<Hold> {
  let closed = false
  let connection = await openConnection(url, reopenLater)

  function reopenLater() {
    if (!closed) setTimeout(reopen, 500).unref()
  }

  async function reopen() {
    if (closed) return
    try {
      connection = await openConnection(await revive(() => closed), reopenLater)
      if (closed) await closeConnection(connection)
    } catch {
      reopenLater()
    }
  }

  return {
    url,
    /** How many other processes hold it; 0 also when PostgreSQL is down. */
    countOthers: () => countOthers(connection).catch(() => 0),
    close: async () => {
      closed = true
      await closeConnection(connection)
    },
  }
}

interface Connection {
  sql: Sql
  /** postgres.js has no unref, so it gets a socket that we create. */
  socket?: Socket
  established: boolean
}

async function openConnection(url: string, onLost: () => void): Promise<Connection> {
  const connection = connectTo(url, onLost)
  try {
    await connection.sql`select`
  } catch (error) {
    await connection.sql.end({ timeout: 0 })
    throw error
  }
  connection.established = true
  connection.socket?.unref()
  return connection
}

function connectTo(url: string, onLost: () => void): Connection {
  const { hostname, port } = new URL(url)
  const options = {
    max: 1,
    // Not the database `tenantry`, so that it can be dropped and created again.
    database: 'postgres',
    connect_timeout: 10,
    max_lifetime: null,
    fetch_types: false,
    onnotice: () => {},
    connection: { application_name: 'tenantry-hold' },
    onclose: () => connection.established && onLost(),
    socket: () => (connection.socket = connect(Number(port), hostname)),
  }
  const connection: Connection = { sql: connectDatabase(url, options), established: false }
  return connection
}

async function countOthers({ sql, socket }: Connection): Promise<number> {
  socket?.ref()
  const [row] = await sql<[{ others: number }]>`
    select count(*)::int as others from pg_stat_activity
    where application_name = 'tenantry-hold' and pid <> pg_backend_pid()`
  return row.others
}

async function closeConnection(connection: Connection): Promise<void> {
  connection.established = false
  connection.socket?.ref()
  // Resolves when the backend has closed its end, and so no longer counts in pg_stat_activity.
  await connection.sql.end({ timeout: 5 })
}
