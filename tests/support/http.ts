import { Agent, request as httpRequest } from 'node:http'
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http'
import { watchRequest } from './log-oracle.ts'
import { inspect } from './oracle.ts'

export interface Call {
  method?: string
  /** Sent as JSON unless it is a string or bytes. */
  body?: unknown
  /** Access token, sent as `Authorization: Bearer`. */
  token?: string
  cookies?: Record<string, string>
  /** Sends the headers of a page of the same origin; programs do not have them. */
  sameOrigin?: boolean
  headers?: OutgoingHttpHeaders
  /** The Accept header, for redirects and pages. */
  accept?: string
}

export interface Answer {
  status: number
  headers: IncomingHttpHeaders
  text: string
  bytes: Buffer
  // Each test checks the shape that it expects.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  json: any
  /** Cookies that the answer sets, by name; an empty value means a deleted cookie. */
  cookies: Record<string, string>
}

const agent = new Agent({ keepAlive: true, maxSockets: 256 })

/** Calls a server on loopback by the name of one of its hosts: Node.js's fetch would not send our Host header. */
export function call(port: number, host: string, path: string, options: Call = {}, tries = 10): Promise<Answer> {
  const { method = options.body === undefined ? 'GET' : 'POST', body } = options
  const isRaw = body === undefined || typeof body === 'string' || body instanceof Uint8Array
  const payload = isRaw ? body : JSON.stringify(body)
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { agent, host: '127.0.0.1', port, path, method, headers: headersOf(host, payload, options), setHost: false },
      response => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('error', reject)
        response.on('end', () => {
          const answer = answerOf(response.statusCode!, response.headers, Buffer.concat(chunks))
          const sent = textOf(path, payload, request.getHeaders())
          watchRequest(port, sent)
          try {
            inspect({ port, host, method, path, sent }, answer)
            resolve(answer)
          } catch (error) {
            reject(error as Error)
          }
        })
      },
    )
    request.on('error', (error: NodeJS.ErrnoException) => {
      // The server closed an idle connection just as it was reused.
      const isStale = request.reusedSocket && error.code === 'ECONNRESET'
      // Or it rejected a long body before it had read all of it, and its answer was lost.
      if (tries > 1 && (isStale || error.code === 'EPIPE')) resolve(call(port, host, path, options, tries - 1))
      else reject(error)
    })
    request.end(payload)
  })
}

function textOf(path: string, payload: string | Uint8Array | undefined, headers: OutgoingHttpHeaders): string {
  const body = payload === undefined || typeof payload === 'string' ? payload : Buffer.from(payload).toString('latin1')
  return [path, decoded(path), JSON.stringify(headers), body].join('\n')
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

function headersOf(
  host: string,
  payload: string | Uint8Array | undefined,
  { token, cookies, sameOrigin, accept, headers }: Call,
): OutgoingHttpHeaders {
  return {
    host,
    ...(payload === undefined
      ? {}
      : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }),
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(cookies
      ? {
          cookie: Object.entries(cookies)
            .map(([name, value]) => `${name}=${value}`)
            .join('; '),
        }
      : {}),
    ...(sameOrigin ? { 'sec-fetch-site': 'same-origin' } : {}),
    ...(accept ? { accept } : {}),
    ...headers,
  }
}

function answerOf(status: number, headers: IncomingHttpHeaders, bytes: Buffer): Answer {
  const text = bytes.toString()
  const cookies = Object.fromEntries(
    (headers['set-cookie'] ?? []).map(line => {
      const [pair = ''] = line.split(';')
      return [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]
    }),
  )
  return {
    status,
    headers,
    text,
    bytes,
    json: headers['content-type']?.includes('json') && text ? JSON.parse(text) : undefined,
    cookies,
  }
}
