import { createHash } from 'node:crypto'
import type { Secret } from '#server/config/secrets.ts'
import type { OpenFile } from '#server/domain/storage/storage.ts'
import { after, gunzipped, linesOf, readEntry, readExactly } from './entries.ts'
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
import { sealSize, signedWith } from './signature.ts'
import { blockSize, sizeIn, tarEnd } from './tar.ts'

/**
 * An open archive. The position and content of each byte follow from its manifest. Nothing is interpreted: everything
 * is compared, and any difference is refused.
 */
export interface OpenArchive {
  manifest: Manifest
  /** Whether this installation made it. */
  ours: boolean
  /** With which SECRET it was signed; undefined: by another installation. */
  signedWith: 'current' | 'fallback' | undefined
  size: number
  /** Checks every byte. @throws ApiError 400 */
  verify(onProgress: OnProgress): Promise<void>
  /**
   * The rows of a table in PostgreSQL's text format, checked again as they are read. Throws ApiError 400 if there are
   * too many.
   */
  rows(table: Manifest['tables'][number]): AsyncIterable<Buffer>
  /** Its images, in the order of their paths. */
  files(): AsyncGenerator<{ file: ArchivedFile; bytes: Buffer }>
  close(): Promise<void>
}

type OnProgress = (bytes: number, size: number) => Promise<void> | void

const manifestLimit = 1_000_000

/**
 * Takes over an open file, and closes it where it is none.
 * @throws ApiError 400 when the file is no archive or its manifest was changed
 */
export async function openArchive(file: OpenFile, secret: Secret): Promise<OpenArchive> {
  try {
    return await readArchive(file, secret)
  } catch (error) {
    await file.close()
    throw error
  }
}

async function readArchive(file: OpenFile, secret: Secret): Promise<OpenArchive> {
  const layout = await readLayout(file, secret)
  const { manifest, signer, size } = layout
  return {
    manifest,
    ours: signer !== undefined,
    signedWith: signer,
    size,
    verify: onProgress => verify(layout, onProgress),
    rows: table => rowsOf(layout, table),
    files: () => filesOf(layout),
    close: () => file.close(),
  }
}

/** An archive's file, and where what is in it. */
interface Layout {
  file: OpenFile
  size: number
  manifest: Manifest
  signer: OpenArchive['signedWith']
  created: Date
  /** What comes before the pictures. */
  head: Entry[]
  /** Where each entry of the head begins, by its path. */
  places: Map<string, number>
  /** Where the pictures begin. */
  filesAt: number
}

async function readLayout(file: OpenFile, secret: Secret): Promise<Layout> {
  const { size } = file
  const manifestBytes = await readManifest(file)
  const manifest = parseManifest(manifestBytes.toString())
  const seal = await readExactly(file, after(0, manifestBytes.length) + blockSize, sealSize)
  const head = [
    entryOf(manifestEntry, manifestBytes),
    entryOf(sealEntry, seal),
    filesEntry(manifest.files),
    ...manifest.tables.map(tableEntry),
  ]
  const signer = signedWith(seal, manifestBytes, secret)
  return { file, size, manifest, signer, created: new Date(manifest.created), head, ...placesOf(head) }
}

async function readManifest(file: OpenFile): Promise<Buffer> {
  const size = sizeIn(await readExactly(file, 0, blockSize))
  if (!(size > 0 && size < manifestLimit)) throw altered(manifestEntry)
  return readExactly(file, blockSize, size)
}

function entryOf(path: string, bytes: Buffer): Entry {
  return { path, size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }
}

function placesOf(head: Entry[]): Pick<Layout, 'places' | 'filesAt'> {
  const places = new Map<string, number>()
  let filesAt = 0
  for (const { path, size } of head) {
    places.set(path, filesAt)
    filesAt = after(filesAt, size)
  }
  return { places, filesAt }
}

async function verify(layout: Layout, onProgress: OnProgress): Promise<void> {
  const { file: archive, size, head, filesAt } = layout
  let end = 0
  for (const entry of head) {
    for await (const chunk of readHead(layout, entry)) await onProgress((end += chunk.length), size)
  }
  end = filesAt
  for await (const { file } of filesOf(layout)) await onProgress((end = after(end, file.size)), size)
  if (size !== end + tarEnd.length || !(await readExactly(archive, end, tarEnd.length)).equals(tarEnd))
    throw altered('its end')
}

// Whoever has the secret has written what was there.
function rowsOf(layout: Layout, table: Manifest['tables'][number]): AsyncIterable<Buffer> {
  return gunzipped(
    readHead(layout, tableEntry(table)),
    layout.signer ? Infinity : unpackedLimit(table.size),
    table.name,
  )
}

/**
 * The most bytes that a table may unpack to. Rows, each with an id, compress by a factor of five or ten; data made to
 * fill a disk compresses by a factor of a thousand.
 */
function unpackedLimit(size: number): number {
  return 16 * 1024 ** 2 + 100 * size
}

async function* filesOf(layout: Layout): AsyncGenerator<{ file: ArchivedFile; bytes: Buffer }> {
  const { file: archive, created, filesAt } = layout
  let offset = filesAt
  for await (const file of listFiles(layout)) {
    const chunks = await Array.fromAsync(readEntry(archive, offset, fileEntry(file), created))
    yield { file, bytes: Buffer.concat(chunks) }
    offset = after(offset, file.size)
  }
}

async function* listFiles(layout: Layout): AsyncGenerator<ArchivedFile> {
  const { files } = layout.manifest
  let last = ''
  let count = 0
  for await (const line of linesOf(readHead(layout, filesEntry(files)))) {
    const file = parseFile(line)
    // In order, so that none is there twice.
    if (file.path <= last) throw altered('files.jsonl')
    yield file
    last = file.path
    count++
  }
  if (count !== files.count) throw altered('files.jsonl')
}

function readHead({ file, places, created }: Layout, entry: Entry): AsyncGenerator<Buffer> {
  return readEntry(file, places.get(entry.path)!, entry, created)
}
