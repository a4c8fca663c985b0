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

export function createPacer({ longestRest = 100, longestWait = 25, quietAfter = 100 }: PacerOptions = {}): Pacer {
  let active = 0
  let lastEnd = -Infinity
  const waiting: (() => void)[] = []

  return {
    enter() {
      active++
      return () => {
        active--
        lastEnd = performance.now()
        // One at a time: several pieces at once would be like a large one.
        if (active === 0) waiting.shift()?.()
      }
    },
    begin() {
      let begun = performance.now()
      return async () => {
        await nextTurn()
        if (isWanted()) {
          await sleep(Math.min(4 * (performance.now() - begun), longestRest))
          if (active > 0) await untilIdle()
        }
        begun = performance.now()
      }
    },
  }

  function isWanted(): boolean {
    return active > 0 || performance.now() - lastEnd < quietAfter
  }

  function untilIdle(): Promise<void> {
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
}

/** The same chunks, with pauses in between. */
export async function* resting<Chunk>(chunks: AsyncIterable<Chunk>, rest: () => Promise<void>): AsyncGenerator<Chunk> {
  for await (const chunk of chunks) {
    yield chunk
    await rest()
  }
}
