import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { sql } from 'drizzle-orm'
import type { CopiedTable } from '#server/database/copy.ts'
import { copyOut } from '#server/database/copy.ts'
import type { Db } from '#server/database/realms.ts'
import type { TransactionClient } from '#server/database/slots/transaction.ts'
import { resting } from '#server/domain/lib/pacer.ts'
import type { OperationReport } from '#server/domain/operations/report.ts'
import type { Manifest } from './format.ts'

/** The work of a snapshot: in which transaction, of which schema, and into which folder. */
export interface SnapshotWork {
  tx: Db
  client: TransactionClient
  schema: string
  folder: string
  report: OperationReport
}

type ArchivedTable = Manifest['tables'][number]

/** Writes the rows of each table into the folder, as `<name>.copy.gz`. @returns what a manifest says of them */
export async function takeTables(work: SnapshotWork, tables: CopiedTable[]): Promise<ArchivedTable[]> {
  const total = await countRows(work, tables)
  work.report.begin('Reading rows', total)
  const taken: ArchivedTable[] = []
  for (const table of tables) {
    taken.push(await takeTable(work, table))
    await work.report.rest()
  }
  return taken
}

async function countRows({ tx, schema, report }: SnapshotWork, tables: CopiedTable[]): Promise<number> {
  let total = 0
  for (const { name } of tables) {
    total += await tx.$count(sql`${sql.identifier(schema)}.${sql.identifier(name)}`)
    await report.rest()
  }
  return total
}

async function takeTable({ client, schema, folder, report }: SnapshotWork, table: CopiedTable): Promise<ArchivedTable> {
  let rows = 0
  const count = (chunk: Buffer) => {
    const lines = countLines(chunk)
    rows += lines
    report.advance(lines)
  }
  const chunks = resting(copyOut(client, schema, table), report.rest)
  const { size, sha256 } = await writeCompressed(chunks, count, join(folder, `${table.name}.copy.gz`))
  return { ...table, rows, size, sha256 }
}

async function writeCompressed(chunks: AsyncIterable<Buffer>, look: (chunk: Buffer) => void, file: string) {
  const hash = createHash('sha256')
  let size = 0
  await pipeline(
    chunks,
    observed(look),
    createGzip(),
    observed(chunk => {
      hash.update(chunk)
      size += chunk.length
    }),
    createWriteStream(file, { mode: 0o600 }),
  )
  return { size, sha256: hash.digest('hex') }
}

function observed(look: (chunk: Buffer) => void): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, callback) {
      try {
        look(chunk)
        callback(null, chunk)
      } catch (error) {
        callback(error as Error)
      }
    },
  })
}

// In the text format a line break is the end of a row; those in values are written as \n.
function countLines(chunk: Buffer): number {
  let lines = 0
  for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines++
  return lines
}
