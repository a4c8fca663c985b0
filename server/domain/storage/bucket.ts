import { open, rm } from 'node:fs/promises'
import type { S3Settings } from '#server/config/s3.ts'
import { createRequests, long } from './requests.ts'
import type { Send } from './requests.ts'
import type { OpenFile, Storage, StoredFile } from './storage.ts'
import { upload } from './upload.ts'
import { listUploads } from './uploads.ts'
import { readPage } from './page.ts'

/** A part of a bucket: the keys that begin with a prefix. */
interface Bucket {
  send: Send
  prefix: string
}

/** Files in a bucket of S3, or of a server with the same protocol. */
export function createBucket(settings: S3Settings, folder: string): Storage {
  const prefix = `${settings.prefix}${folder}`
  const bucket = { send: createRequests(settings), prefix }
  const keyOf = (path: string) => `${prefix}${path}`
  return {
    isRemote: true,
    put: async (path, body) => void (await bucket.send({ method: 'PUT', key: keyOf(path), body })),
    putFile: (path, file, signal) => upload(bucket.send, keyOf(path), file, signal),
    read: path => read(bucket, keyOf(path)),
    open: path => openObject(bucket, keyOf(path)),
    fetchTo: (path, file) => fetchTo(bucket, keyOf(path), file),
    stat: path => stat(bucket, keyOf(path)),
    list: (path = '') => list(bucket, path && `${path}/`),
    folders: () => folders(bucket),
    remove: path => removeKey(bucket, keyOf(path)),
    removeFolder: path => removeFolder(bucket, path),
    removeUnfinished: () => removeUnfinished(bucket),
    locate: path => `s3://${settings.bucket}/${keyOf(path)}`,
  }
}

async function read({ send }: Bucket, key: string): Promise<Buffer | undefined> {
  const { status, body } = await send({ method: 'GET', key })
  return status === 404 ? undefined : body
}

async function stat({ send }: Bucket, key: string): Promise<(Omit<StoredFile, 'path'> & { etag: string }) | undefined> {
  const { status, headers } = await send({ method: 'HEAD', key })
  if (status === 404) return undefined
  return {
    size: Number(headers.get('content-length')),
    modified: new Date(headers.get('last-modified') ?? 0),
    etag: headers.get('etag') ?? '',
  }
}

/** Bytes that are read at once: at the beginning, of which the manifest is all that a list needs, and further on. */
const glance = 64 * 1024
const span = 4 * 1024 ** 2

/** One request brings the bytes of many small reads, as long as these go forwards. */
async function openObject(bucket: Bucket, key: string): Promise<OpenFile | undefined> {
  const found = await stat(bucket, key)
  if (!found) return undefined
  const { size, etag } = found
  let window: { start: number; bytes: Buffer } = { start: 0, bytes: Buffer.alloc(0) }
  return {
    size,
    async read(position, length) {
      const wanted = Math.min(length, Math.max(0, size - position))
      const end = window.start + window.bytes.length
      if (position < window.start || position + wanted > end) {
        const isNext = end > 0 && position >= window.start && position <= end
        const most = Math.min(size - position, Math.max(wanted, isNext ? span : glance))
        window = { start: position, bytes: await readRange(bucket, key, etag, position, most) }
      }
      return window.bytes.subarray(position - window.start, position - window.start + wanted)
    },
    close: () => Promise.resolve(),
  }
}

async function readRange(
  { send }: Bucket,
  key: string,
  etag: string,
  position: number,
  length: number,
): Promise<Buffer> {
  if (length === 0) return Buffer.alloc(0)
  const range = `bytes=${position}-${position + length - 1}`
  const { headers, body } = await send({ method: 'GET', key, headers: { range, 'if-match': etag }, patience: long })
  if (headers.get('etag') !== etag || body.length !== length) throw new Error('The object in S3 has changed.')
  return body
}

async function fetchTo(bucket: Bucket, key: string, file: string): Promise<boolean> {
  const object = await openObject(bucket, key)
  if (!object) return false
  const handle = await open(file, 'wx', 0o600).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error
  })
  if (!handle) return true
  try {
    for (let at = 0; at < object.size;) {
      const bytes = await object.read(at, span)
      await handle.write(bytes)
      at += bytes.length
    }
    return true
  } catch (error) {
    await rm(file, { force: true })
    throw error
  } finally {
    await handle.close()
  }
}

async function* list(bucket: Bucket, path: string): AsyncGenerator<StoredFile> {
  let from: string | undefined
  do {
    const page = await readPage(bucket.send, `${bucket.prefix}${path}`, from)
    for (const { key, ...file } of page.objects) {
      const path = key.slice(bucket.prefix.length)
      if (!path.startsWith('.') && !path.endsWith('/')) yield { path, ...file }
    }
    from = page.next
  } while (from !== undefined)
}

async function folders(bucket: Bucket): Promise<string[]> {
  const names = new Set<string>()
  for await (const { path } of list(bucket, '')) if (path.includes('/')) names.add(path.slice(0, path.indexOf('/')))
  return [...names]
}

async function removeKey({ send }: Bucket, key: string): Promise<void> {
  await send({ method: 'DELETE', key })
}

/** How many are deleted at once. Not every server with the protocol of S3 can delete several with one request. */
const abreast = 16

// From the beginning each time, so that what was added meanwhile goes too.
async function removeFolder(bucket: Bucket, path: string): Promise<void> {
  for (;;) {
    const { objects } = await readPage(bucket.send, `${bucket.prefix}${path}/`)
    if (objects.length === 0) return
    for (let at = 0; at < objects.length; at += abreast)
      await Promise.all(objects.slice(at, at + abreast).map(({ key }) => removeKey(bucket, key)))
  }
}

/** Milliseconds. No upload takes this long. */
const stale = 24 * 60 * 60_000

async function removeUnfinished({ send, prefix }: Bucket): Promise<number> {
  const uploads = await listUploads(send, prefix)
  const old = uploads.filter(({ begun }) => begun.getTime() < Date.now() - stale)
  for (const { key, id } of old) await send({ method: 'DELETE', key, query: { uploadId: id } })
  return old.length
}
