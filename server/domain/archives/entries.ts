import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import type { OpenFile } from '#server/domain/storage/storage.ts'
import { invalid } from '#shared/errors.ts'
import type { Entry } from './format.ts'
import { altered } from './format.ts'
import { blockSize, paddingOf, tarHeader } from './tar.ts'

/** @throws ApiError 400, at the latest with the last byte, when the entry was changed */
export async function* readEntry(
  file: OpenFile,
  offset: number,
  { path, size, sha256 }: Entry,
  modified: Date,
): AsyncGenerator<Buffer> {
  if (!(await readExactly(file, offset, blockSize)).equals(tarHeader(path, size, modified))) throw altered(path)
  const hash = createHash('sha256')
  const start = offset + blockSize
  for await (const chunk of chunksOf(file, start, size)) {
    hash.update(chunk)
    yield chunk
  }
  const padding = await readExactly(file, start + size, paddingOf(size))
  if (hash.digest('hex') !== sha256 || padding.some(byte => byte !== 0)) throw altered(path)
}

const chunkSize = 256 * 1024

async function* chunksOf(file: OpenFile, start: number, size: number): AsyncGenerator<Buffer> {
  for (let done = 0; done < size;) {
    const chunk = await readExactly(file, start + done, Math.min(chunkSize, size - done))
    done += chunk.length
    yield chunk
  }
}

/** @throws ApiError 400 where the file ends before */
export async function readExactly(file: OpenFile, position: number, length: number): Promise<Buffer> {
  const bytes = await file.read(position, length)
  if (bytes.length < length) throw altered('its end')
  return bytes
}

/** @returns where the entry after one of this size begins */
export function after(offset: number, size: number): number {
  return offset + blockSize + size + paddingOf(size)
}

/** The lines of `files.jsonl`. @throws ApiError 400 where the last one has no end */
export async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest = ''
  for await (const chunk of chunks) {
    const lines = (rest + chunk.toString('latin1')).split('\n')
    rest = lines.pop()!
    yield* lines
  }
  if (rest) throw altered('files.jsonl')
}

/** Decompresses. @throws ApiError 400, naming `name`, where the bytes are more than `limit` */
export async function* gunzipped(chunks: AsyncIterable<Buffer>, limit: number, name: string): AsyncGenerator<Buffer> {
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
