import type { H3Event } from 'h3'
import { getHeader } from 'h3'
import { requireRuntime } from '#server/runtime.ts'
import { ApiError, invalid } from '#shared/errors.ts'
import { jsonType } from '#shared/schemas/fields.ts'
import { acceptedBody } from './accepted.ts'

// Parsers recurse; no valid input is nested deeper.
const depthLimit = 32

export function hasBody(event: H3Event): boolean {
  return (
    Number(getHeader(event, 'content-length') ?? 0) > 0 ||
    getHeader(event, 'transfer-encoding') !== undefined ||
    innerBody(event) !== undefined
  )
}

/** Whether a part of the body has not arrived yet. */
export function isArriving(event: H3Event): boolean {
  return innerBody(event) === undefined && hasBody(event) && !event.node.req.complete
}

/**
 * Receives the whole body into memory before anything reads it; an incomplete body has no effect.
 * @throws ApiError 413 when it is longer than its path allows, 408 when it is too slow, 400 when it ends too early
 */
export async function receiveBody(event: H3Event): Promise<void> {
  if (hasBody(event) && innerBody(event) === undefined) received.set(event.node.req, await collect(event))
}

const received = new WeakMap<object, Buffer>()

/** @returns the received body */
export function readBytes(event: H3Event): Buffer {
  return received.get(event.node.req) ?? Buffer.alloc(0)
}

/**
 * Reads a JSON object.
 * @throws ApiError 400 with DRF's texts
 */
export function readJson(event: H3Event): unknown {
  const text = innerBody(event) ?? utf8(readBytes(event))
  if (text === '') return {}
  const value = parseJson(text)
  if (value === null) throw invalid({ non_field_errors: ['No data provided'] })
  if (typeof value !== 'object' || Array.isArray(value))
    throw invalid({ non_field_errors: [`Invalid data. Expected a dictionary, but got ${jsonType(value)}.`] })
  return value
}

function collect(event: H3Event): Promise<Buffer> {
  const { req } = event.node
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  const { requestLimit } = requireRuntime().app.config
  const refuse = (status: number, detail: string) => reject(new ApiError(status, { detail }, { connection: 'close' }))
  const tooLarge = () => refuse(413, 'Request body is too large.')
  const endEarly = () => refuse(400, 'The request body ended too early.')
  const { take, content } = keeper(event, tooLarge)
  const finish = () => {
    // Every request emits `close`; it is an error only before the end of the body.
    req.off('close', endEarly)
    const body = content()
    if (body) resolve(body)
    else tooLarge()
  }
  const timer = setTimeout(refuse, requestLimit * 1_000, 408, 'The request body took too long.')
  req.on('error', endEarly).on('close', endEarly).on('end', finish).on('data', take)
  if (req.destroyed) endEarly()
  // Data that still arrives after a rejection is read and dropped.
  return promise.finally(() => {
    clearTimeout(timer)
    req.off('data', take).off('end', finish).off('close', endEarly)
  })
}

/** Keeps the parts of a body up to the limit of its path. @param tooLarge called when it is not worth reading on */
function keeper(event: H3Event, tooLarge: () => void) {
  const { limit, readLimit } = acceptedBody(event)
  // A body whose announced length is over the limit is not stored.
  const isKept = Number(getHeader(event, 'content-length') ?? 0) <= limit
  let chunks: Buffer[] = []
  let size = 0
  return {
    take(chunk: Buffer) {
      size += chunk.length
      if (size > readLimit) tooLarge()
      else if (size > limit) chunks = []
      else if (isKept) chunks.push(chunk)
    },
    /** @returns undefined where it was longer than the limit */
    content: () => (size <= limit ? joined(chunks) : undefined),
  }
}

/**
 * Joins the parts of a body in memory of its own. Buffer.concat would take a part of a block of 64 kB, which buffers
 * share, and keep the block as long as the connection remembers its last request.
 */
export function joined(chunks: Buffer[]): Buffer {
  const whole = Buffer.alloc(chunks.reduce((size, chunk) => size + chunk.length, 0))
  let end = 0
  for (const chunk of chunks) end += chunk.copy(whole, end)
  return whole
}

function utf8(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw parseError('the body is not UTF-8')
  }
}

// An in-process call has its body as an object or text.
function innerBody(event: H3Event): string | undefined {
  const { body } = event.node.req as { body?: unknown }
  return typeof body === 'string' ? body : undefined
}

function parseJson(text: string): unknown {
  if (nesting(text) > depthLimit) throw parseError('nested too deeply')
  try {
    return JSON.parse(text)
  } catch (error) {
    throw parseError((error as Error).message.replace(/(?:,? )?".*/su, '').slice(0, 100) || 'not JSON')
  }
}

function nesting(text: string): number {
  let depth = 0
  let deepest = 0
  let quoted = false
  for (let i = 0; i < text.length; i++) {
    const character = text[i]
    if (quoted && character === '\\') i++
    else if (character === '"') quoted = !quoted
    else if (quoted) continue
    else if (character === '[' || character === '{') deepest = Math.max(deepest, ++depth)
    else if (character === ']' || character === '}') depth--
  }
  return deepest
}

function parseError(reason: string): ApiError {
  return new ApiError(400, { detail: `JSON parse error - ${reason}` })
}
