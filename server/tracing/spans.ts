import { AsyncLocalStorage } from 'node:async_hooks'
import type { TraceParent } from './trace-parent.ts'
import { isSampled } from './trace-parent.ts'

/** Never a parameter of a statement, an e-mail address, a path with a token, or another secret. */
type Attributes = Record<string, string | number | undefined>

export interface NewSpan {
  name: string
  kind?: 'server' | 'client' | 'internal'
  attributes?: Attributes
}

export interface Span extends TraceParent {
  rename(name: string): void
  set(attributes: Attributes): void
  /** @param type the kind of the error, without its message, which may contain what a user has sent */
  fail(type: string): void
  end(): void
}

type StartSpan = (span: NewSpan, parent: Span | TraceParent | undefined) => Span

/** Undefined unless traces are exported: then nothing here costs anything. */
let startSpan: StartSpan | undefined
const current = new AsyncLocalStorage<Span>()

/** Called once, by the process that exports traces. */
export function setTracer(start: StartSpan | undefined): void {
  startSpan = start
}

export function isTracing(): boolean {
  return startSpan !== undefined
}

/** The span of what is under way, if traces are exported. */
export function currentSpan(): Span | undefined {
  return startSpan && current.getStore()
}

/**
 * Records a span of its own: a request, or background work. The caller ends it.
 * @param parent of another process, or of earlier work
 */
export function beginSpan(what: NewSpan, parent?: TraceParent): Span {
  return startSpan!(what, parent)
}

/** Runs `work` as what the span is about. */
export function inSpan<T>(span: Span, work: () => T): T {
  return current.run(span, work)
}

/** Records background work, with what it does. */
export function traceWork<T>(what: () => NewSpan, work: () => Promise<T>, parent?: TraceParent): Promise<T> {
  return startSpan ? record(beginSpan(what(), parent), work) : work()
}

/** Records a part of what is under way; nothing if that is not recorded itself. */
export function tracePart<T>(what: () => NewSpan, work: () => Promise<T>): Promise<T> {
  const whole = currentSpan()
  return whole && isSampled(whole) ? record(startSpan!(what(), whole), work) : work()
}

/** Keeps a function in what is under way, for a library that calls it from elsewhere. */
export function keepSpan<Args extends unknown[], T>(work: (...args: Args) => T): (...args: Args) => T {
  return currentSpan() ? AsyncLocalStorage.bind(work) : work
}

async function record<T>(span: Span, work: () => Promise<T>): Promise<T> {
  try {
    return await inSpan(span, work)
  } catch (error) {
    span.fail(typeOf(error))
    throw error
  } finally {
    span.end()
  }
}

/** PostgreSQL's and Node.js's codes, or else the name of the class. */
function typeOf(error: unknown): string {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown }
  return typeof code === 'string' ? code : String(name)
}
