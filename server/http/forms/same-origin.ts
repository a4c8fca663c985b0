import type { H3Event } from 'h3'
import { getHeader } from 'h3'
import { withoutToken } from '#server/http/token-paths.ts'
import { log } from '#server/log.ts'
import { forbidden } from '#shared/errors.ts'

/**
 * Requires that a request comes from a page of the same host. To the browser another tenant is the same site; to us it
 * is a foreign origin.
 * @throws ApiError 403 `cross_site`
 */
export function requireOwnPage(event: H3Event, origin: string): void {
  const site = getHeader(event, 'sec-fetch-site')
  const trusted = site === undefined ? getHeader(event, 'origin') === origin : site === 'same-origin' || site === 'none'
  if (trusted) return
  const { method, context } = event
  const { ip, request_id, trace_id } = context
  log().info({ event: 'cross_site_refused', method, path: withoutToken(event.path), ip, request_id, trace_id })
  throw forbidden('Cross-site request refused.', 'cross_site')
}
