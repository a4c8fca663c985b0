import type { IncomingMessage } from 'node:http'
import type { TraceParent } from '#server/tracing/trace-parent.ts'
import { readTraceParent } from '#server/tracing/trace-parent.ts'
import { rawHeaderValues } from '#server/http/client-address.ts'

/** @returns the trace that a request belongs to, unless `traceparent` is malformed or sent several times */
export function traceParentOf(request: IncomingMessage): TraceParent | undefined {
  const values = rawHeaderValues(request, 'traceparent')
  return values.length === 1 ? readTraceParent(values[0]!) : undefined
}
