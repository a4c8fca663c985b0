import { randomUUID } from 'node:crypto'
import { defineEventHandler, setResponseHeader } from 'h3'
import { clientAddress, noteForwarder } from '#server/http/client-address.ts'
import { settleTenancy } from '#server/http/host.ts'
import { getInnerContext } from '#server/http/tenancy.ts'
import { traceParentOf } from '#server/http/traces/trace-parent.ts'
import { requireRuntime } from '#server/runtime.ts'
import { currentSpan } from '#server/tracing/spans.ts'

/**
 * Runs first: the host alone decides which surface and tenant a request is about. Everything after this uses
 * `event.context.tenancy`, and has no other way to a tenant.
 */
export default defineEventHandler(async event => {
  const inner = getInnerContext(event)
  event.context.request_id = inner?.request_id ?? randomUUID()
  setResponseHeader(event, 'x-request-id', event.context.request_id)
  if (inner) {
    Object.assign(event.context, { tenancy: inner.tenancy, ip: inner.ip, trace_id: inner.trace_id, inner })
    return
  }
  event.context.trace_id = (currentSpan() ?? traceParentOf(event.node.req))?.traceId
  if (anyHostPath.test(event.path)) return
  const { app } = requireRuntime()
  event.context.ip = clientAddress(event.node.req, app.config.trustedProxies)
  noteForwarder(event.node.req, app)
  await settleTenancy(event)
})

// Requested by load balancers and proxies, which use an address and no host name.
const anyHostPath = /^\/(?:healthz$|readyz$|api\/v1\/domains\/ask\/?(?:\?|$))/
