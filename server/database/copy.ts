import type { Readable, Writable } from 'node:stream'
import type { SQL } from 'drizzle-orm'
import { PgDialect } from 'drizzle-orm/pg-core'
import { isConnectionError } from './errors.ts'
import { requireSchemaName } from './schema-names.ts'
import type { TransactionClient } from './slots/transaction.ts'

/** A table of a schema, with its stored (not generated) columns. */
export interface CopiedTable {
  name: string
  columns: string[]
}

/** Reads a table in PostgreSQL's text format, one line per row. */
export function copyOut(client: TransactionClient, schema: string, table: CopiedTable): AsyncGenerator<Buffer> {
  return readCopy(client, target(schema, table))
}

/** Reads the rows of a query in the same format. */
export function copyQuery(client: TransactionClient, query: SQL): AsyncGenerator<Buffer> {
  // COPY takes no parameters: drizzle writes them as literals.
  return readCopy(client, `(${new PgDialect().sqlToQuery(query.inlineParams()).sql})`)
}

async function* readCopy(client: TransactionClient, what: string): AsyncGenerator<Buffer> {
  const source: Readable = await client.raw(`copy ${what} to stdout`).readable()
  yield* source
  // postgres.js 3.4 pauses its socket while much data is waiting to be read, and does not resume it if that was the
  // last data: the connection would answer no more queries. Another read resumes it.
  source._read(0)
}

/**
 * Inserts rows in the same format.
 * @throws Error naming the table if the database rejects the rows, and whatever `lines` throws
 */
export async function copyIn(
  client: TransactionClient,
  schema: string,
  table: CopiedTable,
  lines: AsyncIterable<Buffer>,
): Promise<void> {
  const sink = await client.raw(`copy ${target(schema, table)} from stdin`).writable()
  try {
    await writeAll(sink, lines)
  } catch (error) {
    // Ends the COPY; without that, the transaction cannot be rolled back.
    sink.destroy(error as Error)
    throw error
  }
  sink.end()
  // postgres.js 3.4 drops an error that answers the end of a COPY, and the sink then never finishes. The next
  // statement of the same transaction reports it.
  await new Promise(setImmediate)
  await client.raw('select 1').catch((error: unknown) => {
    throw isConnectionError(error) ? error : new Error(`The database refuses the rows of ${table.name}.`)
  })
}

async function writeAll(sink: Writable, lines: AsyncIterable<Buffer>): Promise<void> {
  const failed = new Promise<never>((_resolve, reject) => sink.once('error', reject))
  failed.catch(() => {})
  const sent = (chunk: Buffer) =>
    new Promise<void>((resolve, reject) => sink.write(chunk, error => (error ? reject(error) : resolve())))
  for await (const chunk of lines) await Promise.race([failed, sent(chunk)])
}

// The names are from the catalog. The quotes are for names that are SQL keywords.
function target(schema: string, { name, columns }: CopiedTable): string {
  return `"${requireSchemaName(schema)}".${quoted(name)} (${columns.map(quoted).join(', ')})`
}

function quoted(name: string): string {
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(name)) throw new Error('Not a name of ours.')
  return `"${name}"`
}
