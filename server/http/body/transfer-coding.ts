import type { IncomingMessage } from 'node:http'
import { rawHeaderValues } from '#server/http/client-address.ts'
import { ApiError } from '#shared/errors.ts'

/**
 * Accepts `chunked` and no other transfer coding: if a proxy and we disagree about a coding, we disagree about where
 * the request ends (request smuggling). RFC 9112, 6.1.
 * @throws ApiError 501, and the connection is closed
 */
export function requireKnownCoding(request: IncomingMessage): void {
  if (request.headers['transfer-encoding'] === undefined) return
  const [coding = '', ...others] = rawHeaderValues(request, 'transfer-encoding')
  if (others.length > 0 || coding.toLowerCase() !== 'chunked') {
    throw new ApiError(501, { detail: 'This transfer coding is not supported.' }, { connection: 'close' })
  }
}
