import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Span as RecordedSpan, Tracer } from '@opentelemetry/api'
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import {
  defaultResource,
  detectResources,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  serviceNameEnvDetector,
} from '@opentelemetry/resources'
import type { SpanExporter } from '@opentelemetry/sdk-trace'
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import type { Logger } from 'pino'
import { samplerOf } from './sampler.ts'
import type { NewSpan, Span } from './spans.ts'
import { setTracer } from './spans.ts'
import type { TraceParent } from './trace-parent.ts'

/** Milliseconds: the end of a process does not wait longer for a collector that does not answer. */
const flushLimit = 2_000
/** Characters; a statement with thousands of parameters is longer. */
const valueLimit = 2_000

const kinds = { server: SpanKind.SERVER, client: SpanKind.CLIENT, internal: SpanKind.INTERNAL }

interface TraceOptions {
  sampler: string
  ratio: number
  /** Milliseconds between two exports. */
  pause: number
}

/**
 * Exports spans to OTEL_EXPORTER_OTLP_ENDPOINT from now on, in batches and beside the work. The exporter and the
 * resource read the other standard variables.
 * @returns exports what is left, and ends
 */
export function startTracing(log: Logger, { sampler, ratio, pause }: TraceOptions): () => Promise<void> {
  const exporter = reportFailures(new OTLPTraceExporter(), log)
  const provider = new TracerProvider({
    resource: resourceOf(),
    sampler: samplerOf(sampler, ratio),
    spanLimits: { attributeValueLengthLimit: valueLimit },
    spanProcessors: [new BatchSpanProcessor({ exporter, scheduledDelayMillis: pause })],
  })
  const tracer = provider.getTracer('tenantry')
  setTracer((what, parent) => startSpan(tracer, what, parent))
  return async () => {
    setTracer(undefined)
    // What could not be exported is logged already.
    await Promise.race([provider.shutdown().catch(() => {}), sleep(flushLimit, undefined, { ref: false })])
  }
}

function resourceOf() {
  const own = resourceFromAttributes({ 'service.name': 'tenantry', 'service.instance.id': randomUUID() })
  const given = detectResources({ detectors: [resourceAttributesEnvDetector, serviceNameEnvDetector] })
  return defaultResource().merge(own).merge(given)
}

function startSpan(
  tracer: Tracer,
  { name, kind = 'internal', attributes }: NewSpan,
  parent?: Span | TraceParent,
): Span {
  const context = parent ? trace.setSpanContext(ROOT_CONTEXT, contextOf(parent)) : ROOT_CONTEXT
  return wrap(tracer.startSpan(name, { kind: kinds[kind], attributes }, context))
}

function contextOf(parent: Span | TraceParent) {
  const { traceId, spanId, flags } = parent
  return { traceId, spanId, traceFlags: flags, isRemote: !('end' in parent) }
}

function wrap(span: RecordedSpan): Span {
  const { traceId, spanId, traceFlags: flags } = span.spanContext()
  return {
    traceId,
    spanId,
    flags,
    rename: name => void span.updateName(name),
    set: attributes => void span.setAttributes(attributes),
    fail: type => void span.setAttribute('error.type', type).setStatus({ code: SpanStatusCode.ERROR }),
    end: () => span.end(),
  }
}

/** Logs the first failure of a row of failures, and its end. Spans that cannot be exported are dropped. */
function reportFailures(exporter: SpanExporter, log: Logger): SpanExporter {
  let isFailing = false
  return {
    export(spans, done) {
      exporter.export(spans, result => {
        const { error } = result
        if (error && !isFailing) log.warn({ event: 'trace_export_failed', reason: error.message })
        if (!error && isFailing) log.info({ event: 'trace_export_resumed' })
        isFailing = error !== undefined
        done(result)
      })
    },
    shutdown: () => exporter.shutdown(),
    forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
  }
}
