import type { H3Event } from 'h3'
import { getHeader } from 'h3'
import { ApiError, invalid } from '../../shared/errors.ts'
import { jsonType } from '../../shared/schemas/fields.ts'

/** In bytes. */
export const requestSizeLimit = 1_000_000
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
  const text = await readText(event)
  if (text === '') return {}
  const value = parseJson(text)
  if (value === null) throw invalid({ non_field_errors: ['No data provided'] })
  if (typeof value !== 'object' || Array.isArray(value)) throw invalid({ non_field_errors: [`Invalid data. Expected a dictionary, but got ${jsonType(value)}.`] })
  return value
}

async function readText(event: H3Event): Promise<string> {
  const inner = innerBody(event)
  if (inner !== undefined) return inner
  const chunks: Buffer[] = []
  let size = 0
  // Left early, the iterator would take the socket away from the request, and from the answer's end with it.
  const body = event.node.req.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>
  for await (const chunk of body) {
    size += chunk.length
    if (size > requestSizeLimit) throw new ApiError(413, { detail: 'Request body is too large.' }, { connection: 'close' })
    chunks.push(chunk)
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.concat(chunks))
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
