import type { Lines } from '#server/database/slots/lines.ts'
import { createLines } from '#server/database/slots/lines.ts'
import { unavailable } from '#shared/errors.ts'

/** Bounds how much of one kind of work runs at once and how much may wait for it; tenants take turns. */
export interface Limiter {
  /**
   * Runs work in its turn.
   * @param realm whose work it is.
   * @throws ApiError when too much is waiting, or has waited too long
   */
  run<T>(realm: string, work: () => Promise<T>): Promise<T>
  /** Waits for a turn. @returns what ends it; to be called once */
  take(realm: string): Promise<() => void>
}

export interface LimiterOptions {
  /** How many run at once, and how many of these for one tenant; as many unless said. */
  parallel: number
  perRealm?: number
  /** How many may wait, and for how many milliseconds. */
  waiting: number
  waitLimit: number
  /** 503 unless said. */
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
