import type { FileHandle } from 'node:fs/promises'
import { open } from 'node:fs/promises'
import { text } from './page.ts'
import type { Send } from './requests.ts'
import { long } from './requests.ts'

/** Bytes. S3 allows 10,000 parts, each of at least 5 MB; this is also what is in memory at once. */
const partSize = 16 * 1024 ** 2

/** Writes a file to a key, in parts if it is large. It exists there completely or not at all. */
export async function upload(send: Send, key: string, file: string, signal?: AbortSignal): Promise<void> {
  const handle = await open(file)
  try {
    const { size } = await handle.stat()
    if (size <= partSize)
      await send({ method: 'PUT', key, body: await readPart(handle, 0, size), patience: long, signal })
    else await uploadParts(send, key, handle, size, signal)
    await requireSize(send, key, size)
  } finally {
    await handle.close()
  }
}

async function uploadParts(
  send: Send,
  key: string,
  handle: FileHandle,
  size: number,
  signal?: AbortSignal,
): Promise<void> {
  const begun = await send({ method: 'POST', key, query: { uploads: '' }, patience: long, signal })
  const uploadId = text(begun.body.toString(), 'UploadId')
  try {
    const etags: string[] = []
    for (let at = 0; at < size; at += partSize) {
      const body = await readPart(handle, at, Math.min(partSize, size - at))
      const query = { partNumber: String(etags.length + 1), uploadId }
      const { headers } = await send({ method: 'PUT', key, query, body, patience: long, signal })
      etags.push(headers.get('etag') ?? '')
    }
    await send({ method: 'POST', key, query: { uploadId }, body: partsOf(etags), patience: long, signal })
  } catch (error) {
    // Its parts would take room, and cost, until somebody looks. The clean-up tries again.
    await send({ method: 'DELETE', key, query: { uploadId } }).catch(() => {})
    throw error
  }
}

function partsOf(etags: string[]): Buffer {
  const parts = etags.map((etag, i) => `<Part><PartNumber>${i + 1}</PartNumber><ETag>${etag}</ETag></Part>`)
  return Buffer.from(`<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`)
}

async function readPart(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, position)
  if (bytesRead < length) throw new Error('The file changed while it was uploaded.')
  return buffer
}

async function requireSize(send: Send, key: string, size: number): Promise<void> {
  const { status, headers } = await send({ method: 'HEAD', key })
  if (status !== 200 || Number(headers.get('content-length')) !== size)
    throw new Error('S3 does not have the file that was uploaded.')
}
