import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import type postgres from 'postgres'
import type { ArchivedFile, Manifest } from '#server/domain/archives/format.ts'
import { fileEntry, filesEntry, manifestEntry, sealEntry, tableEntry } from '#server/domain/archives/format.ts'
import { makeSeal } from '#server/domain/archives/signature.ts'
import { paddingOf, tarEnd, tarHeader } from '#server/domain/archives/tar.ts'
import type { App } from '#server/domain/context.ts'
import type { OperationRow } from '#server/domain/operations/operations.ts'
import { getOperation } from '#server/domain/operations/operations.ts'

/** Tables that an archive does not contain, so that a restore does not either. */
const leftOut = [
  ...['sessions', 'one_time_tokens', 'signing_keys', 'standing', 'idempotency_keys'],
  ...['factors', 'recovery_codes', 'challenges', 'devices'],
]

/**
 * Every row of a schema as text, by table, without the tables that an archive does not contain and without invitation
 * links.
 */
export async function rowsOf(sql: postgres.Sql, schema: string): Promise<Record<string, string[]>> {
  const tables = await sql`select tablename as name from pg_tables where schemaname = ${schema} order by 1`
  const rows = await Promise.all(
    tables.map(
      async ({ name }) =>
        [
          name as string,
          (
            await sql`select ${name === 'invitations' ? sql`(to_jsonb(t) - 'token_hash')` : sql`t`}::text as row from ${sql(schema)}.${sql(name as string)} t order by 1`
          ).map(({ row }) => row as string),
        ] as const,
    ),
  )
  return Object.fromEntries(rows.filter(([name]) => !leftOut.includes(name)))
}

/** Waits until an operation has ended, in any process. */
export async function finished(app: App, id: string): Promise<OperationRow> {
  for (;;) {
    const operation = await getOperation(app, id)
    if (operation?.state === 'done' || operation?.state === 'failed') return operation
    await sleep(50)
  }
}

type Table = Omit<Manifest['tables'][number], 'size' | 'sha256' | 'rows'> & { lines: string }

/** Builds an archive with any content, sealed as one of ours. */
export function forgeArchive(
  manifest: Omit<Manifest, 'tables' | 'files'>,
  tables: Table[],
  files: { path: string; bytes: Buffer }[],
  secret: string,
): Buffer {
  const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
  const contents = tables.map(({ lines }) => gzipSync(lines))
  const listed = files.map(({ path, bytes }): ArchivedFile => ({ path, size: bytes.length, sha256: sha256(bytes) }))
  const list = Buffer.from(listed.map(file => `${JSON.stringify(file)}\n`).join(''))
  const whole: Manifest = {
    ...manifest,
    tables: tables.map(({ name, columns, lines }, i) => ({
      name,
      columns,
      rows: lines.split('\n').length - 1,
      size: contents[i]!.length,
      sha256: sha256(contents[i]!),
    })),
    files: { count: files.length, missing: 0, size: list.length, sha256: sha256(list) },
  }
  const head = Buffer.from(JSON.stringify(whole))
  const entry = (path: string, bytes: Buffer) => [
    tarHeader(path, bytes.length, new Date(manifest.created)),
    bytes,
    Buffer.alloc(paddingOf(bytes.length)),
  ]
  return Buffer.concat([
    ...entry(manifestEntry, head),
    ...entry(sealEntry, makeSeal(head, { current: secret, fallback: undefined })),
    ...entry(filesEntry(whole.files).path, list),
    ...whole.tables.flatMap((table, i) => entry(tableEntry(table).path, contents[i]!)),
    ...listed.flatMap((file, i) => entry(fileEntry(file).path, files[i]!.bytes)),
    tarEnd,
  ])
}
