import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { open } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { constants } from 'node:fs'
import { invalid } from '#shared/errors.ts'
import type { ArchivedFile, Entry, Manifest } from './format.ts'
import {
  altered,
  fileEntry,
  filesEntry,
  manifestEntry,
  parseFile,
  parseManifest,
  sealEntry,
  tableEntry,
} from './format.ts'
import { isOurs, sealSize } from './signature.ts'
import { blockSize, paddingOf, sizeIn, tarEnd, tarHeader } from './tar.ts'

/**
 * An open archive. The position and content of each byte follow from its manifest. Nothing is interpreted: everything
 * is compared, and any difference is refused.
 */
export interface OpenArchive {
  manifest: Manifest
  /** Whether this installation made it. */
  ours: boolean
  size: number
  /** Checks every byte. @throws ApiError 400 */
  verify(onProgress: (bytes: number, size: number) => Promise<void> | void): Promise<void>
  /**
   * The rows of a table in PostgreSQL's text format, checked again as they are read. Throws ApiError 400 if there are
   * too many.
   */
  rows(table: Manifest['tables'][number]): AsyncIterable<Buffer>
  /** Its images, in the order of their paths. */
  files(): AsyncGenerator<{ file: ArchivedFile; bytes: Buffer }>
  close(): Promise<void>
}

const manifestLimit = 1_000_000

/** @throws ApiError 400 when the file is no archive or its manifest was changed; errors of the file system */
export async function openArchive(path: string, secret: string): Promise<OpenArchive> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW)
  try {
    return await readArchive(handle, secret)
  } catch (error) {
    await handle.close()
    throw error
  }
}

async function readArchive(handle: FileHandle, secret: string): Promise<OpenArchive> {
  const { size } = await handle.stat()
  const manifestSize = sizeIn(await readExactly(handle, 0, blockSize))
  if (!(manifestSize > 0 && manifestSize < manifestLimit)) throw altered(manifestEntry)
  const manifestBytes = await readExactly(handle, blockSize, manifestSize)
  const manifest = parseManifest(manifestBytes.toString())
  const created = new Date(manifest.created)
  const sealAt = after(0, manifestSize)
  const seal = await readExactly(handle, sealAt + blockSize, sealSize)
  const ours = isOurs(seal, manifestBytes, secret)
  const hashOf = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')
  const head: Entry[] = [
    { path: manifestEntry, size: manifestSize, sha256: hashOf(manifestBytes) },
    { path: sealEntry, size: sealSize, sha256: hashOf(seal) },
    filesEntry(manifest.files),
    ...manifest.tables.map(tableEntry),
  ]
  const places = new Map<string, number>()
  const filesAt = head.reduce((offset, entry) => (places.set(entry.path, offset), after(offset, entry.size)), 0)
  const read = (entry: Entry) => readEntry(handle, places.get(entry.path)!, entry, created)
  return { manifest, ours, size, verify, rows, files, close: () => handle.close() }

  // This installation wrote its own archives, so these need no limit.
  function rows(table: Manifest['tables'][number]): AsyncIterable<Buffer> {
    return gunzipped(read(tableEntry(table)), ours ? Infinity : unpackedLimit(table.size), table.name)
  }

  async function verify(onProgress: (bytes: number, size: number) => Promise<void> | void): Promise<void> {
    let end = 0
    for (const entry of head) {
      for await (const chunk of read(entry)) await onProgress((end += chunk.length), size)
    }
    end = filesAt
    for await (const { file } of files()) await onProgress((end = after(end, file.size)), size)
    if (size !== end + tarEnd.length || !(await readExactly(handle, end, tarEnd.length)).equals(tarEnd))
      throw altered('its end')
  }

  async function* files() {
    let offset = filesAt
    let last = ''
    let count = 0
    for await (const line of linesOf(read(filesEntry(manifest.files)))) {
      const file = parseFile(line)
      // In order, so there are no duplicates.
      if (file.path <= last) throw altered('files.jsonl')
      const chunks = await Array.fromAsync(readEntry(handle, offset, fileEntry(file), created))
      yield { file, bytes: Buffer.concat(chunks) }
      offset = after(offset, file.size)
      last = file.path
      count++
    }
    if (count !== manifest.files.count) throw altered('files.jsonl')
  }
}

/** @throws ApiError 400, at the latest with the last byte, when the entry was changed */
async function* readEntry(
  handle: FileHandle,
  offset: number,
  { path, size, sha256 }: Entry,
  modified: Date,
): AsyncGenerator<Buffer> {
  if (!(await readExactly(handle, offset, blockSize)).equals(tarHeader(path, size, modified))) throw altered(path)
  const hash = createHash('sha256')
  const start = offset + blockSize
  for (let done = 0; done < size;) {
    const chunk = await readExactly(handle, start + done, Math.min(chunkSize, size - done))
    hash.update(chunk)
    done += chunk.length
    yield chunk
  }
  const padding = await readExactly(handle, start + size, paddingOf(size))
  if (hash.digest('hex') !== sha256 || padding.some(byte => byte !== 0)) throw altered(path)
}

const chunkSize = 256 * 1024

async function readExactly(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, position)
  if (bytesRead < length) throw altered('its end')
  return buffer
}

function after(offset: number, size: number): number {
  return offset + blockSize + size + paddingOf(size)
}

async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest = ''
  for await (const chunk of chunks) {
    const lines = (rest + chunk.toString('latin1')).split('\n')
    rest = lines.pop()!
    yield* lines
  }
  if (rest) throw altered('files.jsonl')
}

/**
 * The most bytes that a table may unpack to. Rows, each with an id, compress by a factor of five or ten; data made to
 * fill a disk compresses by a factor of a thousand.
 */
function unpackedLimit(size: number): number {
  return 16 * 1024 ** 2 + 100 * size
}

async function* gunzipped(chunks: AsyncIterable<Buffer>, limit: number, name: string): AsyncGenerator<Buffer> {
  const source = Readable.from(chunks, { objectMode: false })
  const gunzip = createGunzip()
  source.once('error', error => gunzip.destroy(error))
  let size = 0
  for await (const chunk of source.pipe(gunzip) as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > limit) throw invalid({ archive: [`The archive would unpack to far more than its size, at ${name}.`] })
    yield chunk
  }
}
