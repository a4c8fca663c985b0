import type { RequestListener, ServerResponse } from 'node:http'
import type { H3Event } from 'h3'
import { methodNameOf, routePatternOf } from '#server/http/route/route-pattern.ts'
import { getInnerContext } from '#server/http/tenancy.ts'
import { traceParentOf } from './trace-parent.ts'
import type { Span } from '#server/tracing/spans.ts'
import { beginSpan, currentSpan, inSpan, isTracing } from '#server/tracing/spans.ts'

/** Records each request but probes, from its first byte to its answer's last, as part of its caller's trace. */
export function traceRequests(listener: RequestListener): RequestListener {
  return (request, response) => {
    if (!isTracing() || probePath.test(request.url!)) return listener(request, response)
    const method = methodNameOf(request)
    const span = beginSpan(
      { name: method, kind: 'server', attributes: { 'http.request.method': method } },
      traceParentOf(request),
    )
    response.once('close', () => endRequest(span, response))
    return inSpan(span, () => listener(request, response))
  }
}

const probePath = /^\/(?:healthz|readyz)$/

/** Says at its end which route has answered. The API's answers to a page that is being rendered belong to the page. */
export function nameRequest(event: H3Event): void {
  const span = currentSpan()
  if (!span || getInnerContext(event)) return
  event.node.res.prependOnceListener('close', () => {
    const route = routePatternOf(event)
    const { tenancy, request_id } = event.context
    span.rename(`${methodNameOf(event)} ${route}`)
    span.set({
      'http.route': route,
      'tenantry.surface': tenancy?.surface,
      'tenantry.tenant': tenancy?.surface === 'portal' ? tenancy.authRealm.id : undefined,
      'tenantry.request_id': request_id,
    })
  })
}

function endRequest(span: Span, { statusCode, writableFinished }: ServerResponse): void {
  span.set({ 'http.response.status_code': statusCode })
  if (statusCode >= 500) span.fail(String(statusCode))
  // The connection was lost before.
  else if (!writableFinished) span.fail('aborted')
  span.end()
}
