import type { IncomingMessage } from 'node:http'
import { rawHeaderValues } from '#server/http/client-address.ts'
import { ApiError } from '#shared/errors.ts'

/**
 * Takes a body in chunks and in no other transfer coding: a proxy that understands one that we do not, or the other way
 * round, would see another request end elsewhere. RFC 9112, 6.1.
 * @throws ApiError 501, and the connection is closed
 */
export function requireKnownCoding(request: IncomingMessage): void {
  if (request.headers['transfer-encoding'] === undefined) return
  const [coding = '', ...others] = rawHeaderValues(request, 'transfer-encoding')
  if (others.length > 0 || coding.toLowerCase() !== 'chunked') {
    throw new ApiError(501, { detail: 'This transfer coding is not supported.' }, { connection: 'close' })
  }
}
