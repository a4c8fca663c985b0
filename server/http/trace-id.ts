import type { IncomingMessage } from 'node:http'
import { rawHeaderValues } from './client-address.ts'

/**
 * Reads the trace that a request belongs to from `traceparent` (W3C Trace Context, 3.2). As there, a header that is
 * malformed or sent several times is ignored, and a later version may have more fields.
 * @returns the trace's id, for the log
 */
export function readTraceId(request: IncomingMessage): string | undefined {
  const values = rawHeaderValues(request, 'traceparent')
  const [, version, trace, parent, rest] =
    /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?$/.exec(values[0] ?? '') ?? []
  const isKnown = version === '00' ? rest === undefined : version !== 'ff'
  return values.length === 1 && isKnown && !isZero(trace) && !isZero(parent) ? trace : undefined
}

function isZero(id: string | undefined): boolean {
  return id === undefined || /^0+$/.test(id)
}
