import { unavailable } from '../../shared/errors.ts'

/** Lets work begin in its turn. @throws ApiError 503 when too much is waiting, or has waited too long */
export type RunInTurn = <T>(work: () => Promise<T>) => Promise<T>

/**
 * Bounds how much of one kind of work runs at once and how much may wait for it.
 * @param options `patience` is in milliseconds
 */
export function createTurns(options: { parallel: number, waiting: number, patience: number }): RunInTurn {
  const waiting: { start: () => void, since: number, fail: (error: Error) => void }[] = []
  let running = 0

  return async function runInTurn<T>(work: () => Promise<T>): Promise<T> {
    if (running < options.parallel) running++
    else await myTurn()
    try {
      return await work()
    }
    finally {
      passOn()
    }
  }

  function myTurn(): Promise<void> {
    if (waiting.length >= options.waiting) throw unavailable()
    return new Promise((start, fail) => waiting.push({ start, since: Date.now(), fail }))
  }

  // The turn goes from hand to hand: whoever comes between finds no place free.
  function passOn(): void {
    const first = waiting.shift()
    if (!first) running--
    else if (Date.now() - first.since <= options.patience) first.start()
    else {
      first.fail(unavailable())
      passOn()
    }
  }
}
