import type { H3Event } from 'h3'
import { getHeader } from 'h3'
import type { Precondition } from '#server/domain/lib/etag.ts'

/**
 * Reads If-Match (RFC 9110, 13.1.1). A weak tag never matches, nor does text that is no list of tags.
 * @returns the tags; undefined without the header, and for `*`
 */
export function readIfMatch(event: H3Event): Precondition {
  const header = getHeader(event, 'if-match')?.trim()
  if (!header || header === '*') return undefined
  return header.split(/[ \t]*,[ \t]*/)
}
