import type { H3Event } from 'h3'
import { getHeader } from 'h3'
import { ApiError, invalid } from '../../shared/errors.ts'
import { jsonType } from '../../shared/schemas/fields.ts'
import { requireRuntime } from '../runtime.ts'
import { acceptedBody } from './accepted-bodies.ts'

// Parsers recurse; nothing that we take is nested deeper than this.
const depthLimit = 32

export function hasBody(event: H3Event): boolean {
  return Number(getHeader(event, 'content-length') ?? 0) > 0 || getHeader(event, 'transfer-encoding') !== undefined || innerBody(event) !== undefined
}

/**
 * Reads a JSON object.
 * @throws ApiError 400 with DRF's texts, 413 as soon as it is too long
 */
export async function readJson(event: H3Event): Promise<unknown> {
  if (!hasBody(event)) return {}
  const text = innerBody(event) ?? utf8(await readBytes(event))
  if (text === '') return {}
  const value = parseJson(text)
  if (value === null) throw invalid({ non_field_errors: ['No data provided'] })
  if (typeof value !== 'object' || Array.isArray(value)) throw invalid({ non_field_errors: [`Invalid data. Expected a dictionary, but got ${jsonType(value)}.`] })
  return value
}

/**
 * Reads a body as it is, in memory: what is cut off half-way leaves nothing behind.
 * @throws ApiError 413 when it is longer than its path takes, 408 when it dawdles, 400 when it ends too early
 */
export function readBytes(event: H3Event): Promise<Buffer> {
  const { req } = event.node
  const { limit, readLimit } = acceptedBody(event)
  const { requestLimit: patience } = requireRuntime().app.config
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  const chunks: Buffer[] = []
  let size = 0
  const refuse = (status: number, detail: string) => reject(new ApiError(status, { detail }, { connection: 'close' }))
  const tooLarge = () => refuse(413, 'Request body is too large.')
  const endEarly = () => refuse(400, 'The request body ended too early.')
  const collect = (chunk: Buffer) => {
    size += chunk.length
    if (size <= limit) chunks.push(chunk)
    else if (size > readLimit) tooLarge()
  }
  const finish = () => {
    // Every request closes in the end; only before its body's end is that a fault.
    req.off('close', endEarly)
    if (size <= limit) resolve(Buffer.concat(chunks))
    else tooLarge()
  }
  const timer = setTimeout(refuse, patience * 1_000, 408, 'The request body took too long.')
  req.on('error', endEarly).on('close', endEarly).on('end', finish).on('data', collect)
  if (req.destroyed) endEarly()
  // What still comes after a refusal flows on and is dropped.
  return promise.finally(() => {
    clearTimeout(timer)
    req.off('data', collect).off('end', finish).off('close', endEarly)
  })
}

function utf8(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  }
  catch {
    throw parseError('the body is not UTF-8')
  }
}

// An in-process call carries its body as it was given.
function innerBody(event: H3Event): string | undefined {
  const { body } = event.node.req as { body?: unknown }
  return typeof body === 'string' ? body : undefined
}

function parseJson(text: string): unknown {
  if (nesting(text) > depthLimit) throw parseError('nested too deeply')
  try {
    return JSON.parse(text)
  }
  catch (error) {
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
