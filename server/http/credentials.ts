import type { H3Event } from 'h3'
import { getHeader } from 'h3'
import type { Config } from '#server/config.ts'
import { ApiError, unauthorized } from '#shared/errors.ts'
import { rawHeaderValues } from './client-address.ts'
import { readSessionCookies } from './cookies.ts'

/**
 * The access token of a request. A header has priority over a cookie; an Authorization header of another scheme is
 * ignored, as in simplejwt.
 * @throws ApiError 401 for a Bearer or JWT header that is not one value, 400 for several headers
 */
export function readAccessToken(event: H3Event, config: Config): string | undefined {
  const headers = rawHeaderValues(event.node.req, 'authorization')
  if (headers.length > 1) throw new ApiError(400, { detail: 'The Authorization header is sent more than once.' })
  if (!hasBearer(event)) return readSessionCookies(event, config).access
  const values = words(headers[0]).slice(1)
  if (values.length !== 1)
    throw unauthorized({
      detail: 'Authorization header must contain two space-delimited values',
      code: 'bad_authorization_header',
    })
  return values[0]
}

/**
 * True when the request has a token in its header, as `Bearer` or, as in djoser's guide, as `JWT`. Another scheme, such
 * as a proxy's Basic, which browsers add by themselves, does not count.
 */
export function hasBearer(event: H3Event): boolean {
  return /^(?:bearer|jwt)$/i.test(words(getHeader(event, 'authorization'))[0] ?? '')
}

function words(header: string | undefined): string[] {
  return (header ?? '').split(/[ \t]+/).filter(Boolean)
}
