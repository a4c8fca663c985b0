import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { AwsV4Signer } from 'aws4fetch'
import type { S3Settings } from '#server/config/s3.ts'
import { reasonOf } from '#server/database/errors.ts'
import { unavailable } from '#shared/errors.ts'
import { StorageRefusal } from './refusal.ts'

type Method = 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'

export interface Request {
  method: Method
  key?: string
  query?: Record<string, string>
  headers?: Record<string, string>
  body?: Buffer
  patience?: Patience
  /** Ends the request, and its repetitions. */
  signal?: AbortSignal
}

/** How often a request is sent, and how many milliseconds each may take. */
interface Patience {
  attempts: number
  timeout: number
}

/** Somebody waits for it. */
const short: Patience = { attempts: 2, timeout: 4_000 }
/** For some megabytes, and where nobody waits. */
export const long: Patience = { attempts: 5, timeout: 60_000 }

export interface Response {
  status: number
  headers: Headers
  body: Buffer
}

/** Sends a request to a bucket. Throws as `createRequests` says. */
export type Send = (request: Request) => Promise<Response>

/**
 * Signed requests to one bucket by path (`<endpoint>/<bucket>/<key>`), each with a limit of time and of repetitions.
 * What is sent is signed with its SHA-256, so the server refuses it if it was damaged on the way.
 *
 * A request gives the response, also a 404 or 412. It throws an ApiError 503 if the server is away, busy or slow, and
 * if it refuses the request: then the cause is a StorageRefusal.
 */
export function createRequests(settings: S3Settings): Send {
  return async request => {
    const { attempts } = request.patience ?? short
    for (let attempt = 1; ; attempt++) {
      const last = attempt === attempts
      const response = await sendOnce(settings, request).catch((error: unknown) => {
        request.signal?.throwIfAborted()
        if (last) throw unavailable(new Error(`S3 does not answer: ${reasonOf(error)}`))
      })
      if (response && (!isBusy(request, response) || last)) return accepted(request, response)
      await sleep(100 * 2 ** attempt, undefined, { signal: request.signal })
    }
  }
}

// Not with AbortSignal.timeout or any: what fetch follows may be collected as garbage, and then nothing ends it.
async function sendOnce(settings: S3Settings, request: Request): Promise<Response> {
  const { patience = short, signal } = request
  const limit = new AbortController()
  const stop = () => limit.abort(signal?.reason)
  const timer = setTimeout(() => limit.abort(new Error(`no answer within ${patience.timeout} ms`)), patience.timeout)
  signal?.addEventListener('abort', stop)
  try {
    const ended = new Promise<never>((_, reject) =>
      limit.signal.addEventListener('abort', () => reject(limit.signal.reason as Error)),
    )
    return await Promise.race([exchange(settings, request, limit.signal), ended])
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', stop)
  }
}

async function exchange(settings: S3Settings, request: Request, signal: AbortSignal): Promise<Response> {
  const { method, key, query, headers, body } = request
  const base = `${settings.endpoint}/${settings.bucket}`
  const url = new URL(key === undefined ? base : `${base}/${key}`)
  for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, value)
  const signed = await new AwsV4Signer({
    ...settings,
    service: 's3',
    method,
    url: url.href,
    headers: { ...headers, 'x-amz-content-sha256': sha256(body ?? '') },
  }).sign()
  const response = await fetch(signed.url, {
    method,
    headers: signed.headers,
    // A redirect means that the endpoint or the region is another one.
    redirect: 'manual',
    signal,
    ...(body && { body: new Uint8Array(body) }),
  })
  return { status: response.status, headers: response.headers, body: Buffer.from(await response.arrayBuffer()) }
}

function sha256(bytes: Buffer | ''): string {
  return createHash('sha256').update(bytes).digest('hex')
}

// A multipart upload may fail at its end with 200 and an error in the body.
function isBusy({ method }: Request, { status, body }: Response): boolean {
  if (status === 200) return method === 'POST' && body.includes('<Error>')
  return status === 429 || (status >= 500 && status !== 501)
}

function accepted(request: Request, response: Response): Response {
  const { status, body } = response
  const { method } = request
  if (isBusy(request, response)) throw unavailable(new Error(`S3 answers ${status} ${codeOf(body)}`.trimEnd()))
  const isMissing = status === 404 && method !== 'PUT' && codeOf(body) !== 'NoSuchBucket'
  if (status < 300 || isMissing || status === 412 || status === 416) return response
  throw unavailable(new StorageRefusal(`S3 refuses ${method} with ${status} ${codeOf(body)}`.trimEnd()))
}

/** The code in the body of an error, such as `AccessDenied`; a HEAD has no body. */
function codeOf(body: Buffer): string {
  return /<Code>(\w+)<\/Code>/.exec(body.toString('latin1', 0, 10_000))?.[1] ?? ''
}
