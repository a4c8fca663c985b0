import crypto, { createHash } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
// @ts-expect-error The package has no types.
import S3rver from 's3rver'
import { freePort } from '../process/server.ts'

/** A server with the protocol of S3 on loopback, behind a proxy that can disturb it. */
export interface S3Server {
  /** The settings of a server that uses it. */
  settings: Record<string, string>
  /** The folder in which it keeps an object, by its key. */
  fileOf(key: string): string
  /** Every request: `PUT images/…`, or `PUT images/…?partNumber=1…`. */
  requests: string[]
  /** Uploads in parts that are not completed, by their ids. */
  uploads: Map<string, { key: string; begun: Date }>
  /** What happens to requests; undefined where they are answered. The rule may look at the request. */
  disturb: ((request: string) => 'down' | 'slow' | 'forbidden' | 'busy' | 'damaged' | undefined) | undefined
  stop(): Promise<void>
}

const bucket = 'staff'

type Cipher = (cipher: string, key: Buffer, iv: Buffer, options?: object) => unknown

// It encrypts the position in a list with DES, which OpenSSL 3 does not have by itself. Three times is the same.
for (const name of ['createCipheriv', 'createDecipheriv'] as const) {
  const original = crypto[name] as unknown as Cipher
  const patched: Cipher = (cipher, key, iv, options) =>
    cipher === 'des' ? original('des-ede3-cbc', Buffer.concat([key, key, key]), iv) : original(cipher, key, iv, options)
  Object.assign(crypto, { [name]: patched })
}

/** The proxy does what s3rver does not: it checks the SHA-256 of a body, and aborts and lists uploads. */
export async function createS3Server(): Promise<S3Server> {
  const folder = await mkdtemp(join(tmpdir(), 'tenantry-s3-'))
  const port = await freePort()
  const inner = new S3rver({
    port,
    address: '127.0.0.1',
    directory: folder,
    silent: true,
    configureBuckets: [{ name: bucket }],
  })
  await inner.run()
  const held = new Set<ServerResponse>()
  const proxy = createServer((incoming, answer) => void pass(incoming, answer).catch(() => answer.destroy()))
  await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve))
  const { port: outer } = proxy.address() as { port: number }

  const server: S3Server = {
    settings: {
      S3_ENDPOINT: `http://127.0.0.1:${outer}`,
      S3_BUCKET: bucket,
      S3_ACCESS_KEY_ID: 'S3RVER',
      S3_SECRET_ACCESS_KEY: 'S3RVER',
      S3_PREFIX: 'tenantry/',
    },
    fileOf: key => join(folder, bucket, `${key}._S3rver_object`),
    requests: [],
    uploads: new Map(),
    disturb: undefined,
    async stop() {
      for (const answer of held) answer.destroy()
      proxy.closeAllConnections()
      await new Promise(resolve => proxy.close(resolve))
      await inner.close()
      await rm(folder, { recursive: true })
    },
  }
  return server

  async function pass(incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
    const url = new URL(incoming.url!, 'http://s3')
    const key = decodeURIComponent(url.pathname.slice(bucket.length + 2))
    const name = `${incoming.method} ${key}${url.search}`
    server.requests.push(name)
    const body = await buffer(incoming)
    const disturbance = server.disturb?.(name)
    if (disturbance === 'down') return void answer.destroy()
    if (disturbance === 'slow') return void held.add(answer)
    if (disturbance === 'forbidden') return refuse(answer, 403, 'AccessDenied')
    if (disturbance === 'busy') return refuse(answer, 503, 'SlowDown')
    if (disturbance === 'damaged') body[0]! ^= 1
    if (createHash('sha256').update(body).digest('hex') !== incoming.headers['x-amz-content-sha256'])
      return refuse(answer, 400, 'XAmzContentSHA256Mismatch')
    if (incoming.method === 'GET' && url.searchParams.has('uploads')) return listUploads(answer)
    const uploadId = url.searchParams.get('uploadId')
    if (incoming.method === 'DELETE' && uploadId !== null) return abort(answer, uploadId)
    await forward(incoming, body, answer, key, url)
  }

  async function forward(
    incoming: IncomingMessage,
    body: Buffer,
    answer: ServerResponse,
    key: string,
    url: URL,
  ): Promise<void> {
    const { method, headers, url: path } = incoming
    const inward = request({ port, host: '127.0.0.1', method, headers, path })
    inward.end(body)
    const outward = await new Promise<IncomingMessage>((resolve, reject) =>
      inward.once('response', resolve).once('error', reject),
    )
    const bytes = await buffer(outward)
    if (method === 'POST') note(key, url, bytes.toString())
    answer.writeHead(outward.statusCode!, outward.headers).end(bytes)
  }

  function note(key: string, url: URL, xml: string): void {
    const begun = /<UploadId>(\w+)<\/UploadId>/.exec(xml)?.[1]
    if (begun) server.uploads.set(begun, { key, begun: new Date() })
    else server.uploads.delete(url.searchParams.get('uploadId') ?? '')
  }

  function listUploads(answer: ServerResponse): void {
    const found = [...server.uploads].map(
      ([id, { key, begun }]) =>
        `<Upload><Key>${encodeURIComponent(key)}</Key><UploadId>${id}</UploadId><Initiated>${begun.toISOString()}</Initiated></Upload>`,
    )
    answer.end(`<ListMultipartUploadsResult>${found.join('')}</ListMultipartUploadsResult>`)
  }

  function abort(answer: ServerResponse, id: string): void {
    if (!server.uploads.delete(id)) return refuse(answer, 404, 'NoSuchUpload')
    answer.writeHead(204).end()
  }
}

function refuse(answer: ServerResponse, status: number, code: string): void {
  answer.writeHead(status).end(`<Error><Code>${code}</Code></Error>`)
}
