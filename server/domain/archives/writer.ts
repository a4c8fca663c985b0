import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Secret } from '#server/config/secrets.ts'
import { resting } from '#server/domain/lib/pacer.ts'
import type { OperationReport } from '#server/domain/operations/report.ts'
import type { TenantRow } from '#server/domain/tenants/tenants.ts'
import type { ArchivedFile, Manifest } from './format.ts'
import { fileEntry, filesEntry, formatVersion, manifestEntry, parseFile, sealEntry, tableEntry } from './format.ts'
import { makeSeal } from './signature.ts'
import type { Snapshot } from './snapshot.ts'
import { spooledImage } from './snapshot.ts'
import { paddingOf, tarEnd, tarHeader } from './tar.ts'

const listFile = 'files.jsonl'

/** Writes an archive from a snapshot's folder. */
export async function writeArchive(
  target: string,
  folder: string,
  tenant: TenantRow,
  snapshot: Snapshot,
  secret: Secret,
  report: OperationReport,
): Promise<Manifest> {
  report.begin('Writing the archive', 2 * snapshot.images.length + snapshot.tables.length)
  await pipeline(
    listImages(folder, snapshot.images, report),
    createWriteStream(join(folder, listFile), { mode: 0o600 }),
  )
  const manifest = await describe(folder, tenant, snapshot)
  await pipeline(
    Readable.from(tarOf(folder, manifest, secret, report), { objectMode: false }),
    createWriteStream(target, { mode: 0o600 }),
  )
  return manifest
}

async function* listImages(folder: string, images: string[], report: OperationReport): AsyncGenerator<string> {
  for (const path of images) {
    const bytes = await readFile(join(folder, spooledImage(path)))
    const file: ArchivedFile = { path, size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }
    yield `${JSON.stringify(file)}\n`
    report.advance()
    await report.rest()
  }
}

async function describe(
  folder: string,
  tenant: TenantRow,
  { created, migrations, tables, images, missing }: Snapshot,
): Promise<Manifest> {
  const { id, name, subdomain, tenant_id, schema, business_email, business_phone_number } = tenant
  return {
    format: formatVersion,
    created: created.toISOString(),
    tenant: { id, name, subdomain, tenant_id, schema, business_email, business_phone_number },
    migrations,
    tables,
    files: { count: images.length, missing, ...(await sizeAndHash(join(folder, listFile))) },
  }
}

async function sizeAndHash(file: string): Promise<{ size: number; sha256: string }> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer)
  const { size } = await stat(file)
  return { size, sha256: hash.digest('hex') }
}

async function* tarOf(
  folder: string,
  manifest: Manifest,
  secret: Secret,
  report: OperationReport,
): AsyncGenerator<Buffer> {
  const modified = new Date(manifest.created)
  yield* tarManifest(manifest, secret, modified)
  yield* tarEntry(listFile, filesEntry(manifest.files).size, modified, createReadStream(join(folder, listFile)))
  yield* tarTables(folder, manifest, modified, report)
  yield* tarPictures(folder, modified, report)
  yield tarEnd
}

async function* tarManifest(manifest: Manifest, secret: Secret, modified: Date): AsyncGenerator<Buffer> {
  const bytes = Buffer.from(`${JSON.stringify(manifest)}\n`)
  const seal = makeSeal(bytes, secret)
  yield* tarEntry(manifestEntry, bytes.length, modified, [bytes])
  yield* tarEntry(sealEntry, seal.length, modified, [seal])
}

async function* tarTables(
  folder: string,
  { tables }: Manifest,
  modified: Date,
  report: OperationReport,
): AsyncGenerator<Buffer> {
  for (const table of tables) {
    const { path, size } = tableEntry(table)
    const rows = createReadStream(join(folder, `${table.name}.copy.gz`))
    yield* tarEntry(path, size, modified, resting(rows, report.rest))
    report.advance()
  }
}

async function* tarPictures(folder: string, modified: Date, report: OperationReport): AsyncGenerator<Buffer> {
  for await (const line of createInterface({ input: createReadStream(join(folder, listFile)) })) {
    const file = parseFile(line)
    const { path, size } = fileEntry(file)
    yield* tarEntry(path, size, modified, [await readFile(join(folder, spooledImage(file.path)))])
    report.advance()
    await report.rest()
  }
}

async function* tarEntry(
  path: string,
  size: number,
  modified: Date,
  content: Iterable<Buffer> | AsyncIterable<Buffer>,
): AsyncGenerator<Buffer> {
  yield tarHeader(path, size, modified)
  let written = 0
  for await (const chunk of content) {
    written += chunk.length
    yield chunk
  }
  if (written !== size) throw new Error(`${path} changed while it was written.`)
  yield Buffer.alloc(paddingOf(size))
}
