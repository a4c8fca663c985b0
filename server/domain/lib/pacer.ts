import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'

/** Lets short requests go before heavy work, which is done in small pieces with pauses in between. */
export interface Pacer {
  /** Call it when a short request begins. @returns a function to call once when it ends */
  enter(): () => void
  /** Begins heavy work. @returns a function to await between two pieces */
  begin(): () => Promise<void>
}

/** In milliseconds. */
export interface PacerOptions {
  /** The longest pause after a piece of work; the usual pause is four times as long as the piece. */
  longestRest?: number
  /** The longest wait for running short requests. */
  longestWait?: number
  /** How long after the last short request no more are expected. */
  quietAfter?: number
}

interface State extends Required<PacerOptions> {
  active: number
  lastEnd: number
  /** What goes on when no short request is under way. */
  waiting: (() => void)[]
}

export function createPacer({ longestRest = 100, longestWait = 25, quietAfter = 100 }: PacerOptions = {}): Pacer {
  const state: State = { longestRest, longestWait, quietAfter, active: 0, lastEnd: -Infinity, waiting: [] }
  return {
    enter() {
      state.active++
      return () => leave(state)
    },
    begin() {
      let begun = performance.now()
      return async () => {
        await rest(state, begun)
        begun = performance.now()
      }
    },
  }
}

function leave(state: State): void {
  state.active--
  state.lastEnd = performance.now()
  // One at a time: several pieces at once would be a large one.
  if (state.active === 0) state.waiting.shift()?.()
}

async function rest(state: State, begun: number): Promise<void> {
  await nextTurn()
  if (!isWanted(state)) return
  await sleep(Math.min(4 * (performance.now() - begun), state.longestRest))
  if (state.active > 0) await untilIdle(state)
}

function isWanted({ active, lastEnd, quietAfter }: State): boolean {
  return active > 0 || performance.now() - lastEnd < quietAfter
}

function untilIdle({ waiting, longestWait }: State): Promise<void> {
  return new Promise(resolve => {
    const goOn = () => {
      clearTimeout(timer)
      resolve()
    }
    const timer = setTimeout(() => {
      waiting.splice(waiting.indexOf(goOn), 1)
      resolve()
    }, longestWait)
    waiting.push(goOn)
  })
}

/** The same chunks, with pauses in between. */
export async function* resting<Chunk>(chunks: AsyncIterable<Chunk>, rest: () => Promise<void>): AsyncGenerator<Chunk> {
  for await (const chunk of chunks) {
    yield chunk
    await rest()
  }
}
