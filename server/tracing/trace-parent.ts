/** What continues a trace needs to know of it. */
export interface TraceParent {
  traceId: string
  spanId: string
  /** Of the header; 1: the trace is exported. */
  flags: number
}

/**
 * Parses a `traceparent` of W3C Trace Context, 3.2. A later version may have more fields.
 * @returns undefined if it is malformed
 */
export function readTraceParent(text: string): TraceParent | undefined {
  const [, version, traceId, spanId, flags, rest] =
    /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/.exec(text) ?? []
  const isKnown = version === '00' ? rest === undefined : version !== 'ff'
  if (!isKnown || isZero(traceId) || isZero(spanId)) return undefined
  return { traceId: traceId!, spanId: spanId!, flags: Number.parseInt(flags!, 16) }
}

function isZero(id: string | undefined): boolean {
  return id === undefined || /^0+$/.test(id)
}

/** Whether the spans of a trace are exported. */
export function isSampled({ flags }: TraceParent): boolean {
  return (flags & 1) === 1
}
