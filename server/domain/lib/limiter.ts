import type { Lines } from '#server/database/slots/lines.ts'
import { createLines } from '#server/database/slots/lines.ts'
import { unavailable } from '#shared/errors.ts'

/** Bounds how much work of one kind runs at once, and how much may wait. Tenants take turns. */
export interface Limiter {
  /**
   * Runs work in its turn.
   * @param realm the tenant's schema
   * @throws ApiError when too much is waiting, or has waited too long
   */
  run<T>(realm: string, work: () => Promise<T>): Promise<T>
  /** Waits for a turn. @returns a function that ends it, to be called once */
  take(realm: string): Promise<() => void>
  inspect(): { running: number; waiting: number }
}

export interface LimiterOptions {
  /** How many run at once, and how many of these for one tenant; by default all of them. */
  parallel: number
  perRealm?: number
  /** How many may wait, and for how many milliseconds. */
  waiting: number
  waitLimit: number
  /** The error for a refusal; 503 by default. */
  refuse?: () => Error
}

interface State {
  parallel: number
  perRealm: number
  running: Map<string, number>
  total: number
  lines: Lines<() => void>
}

export function createLimiter({
  parallel,
  perRealm = parallel,
  waiting,
  waitLimit,
  refuse = unavailable,
}: LimiterOptions): Limiter {
  const lines = createLines({ waitLimit, limit: waiting, refuse, find: realm => begin(state, realm) })
  const state: State = { parallel, perRealm, running: new Map(), total: 0, lines }
  return {
    take: realm => lines.join(realm),
    inspect: () => ({ running: state.total, waiting: lines.length() }),
    async run(realm, work) {
      const end = await lines.join(realm)
      try {
        return await work()
      } finally {
        end()
      }
    },
  }
}

function begin(state: State, realm: string): (() => void) | undefined {
  const own = state.running.get(realm) ?? 0
  if (state.total >= state.parallel || own >= state.perRealm) return undefined
  state.running.set(realm, own + 1)
  state.total++
  return () => end(state, realm)
}

function end(state: State, realm: string): void {
  const own = state.running.get(realm)! - 1
  if (own === 0) state.running.delete(realm)
  else state.running.set(realm, own)
  state.total--
  state.lines.advance()
}
