import { setTimeout as sleep } from 'node:timers/promises'

/** Background work, one round at a time, for as long as the process lives. */
export interface Worker {
  /** Call it when there may be something to do. */
  wake(): void
  /** Starts no other round, tells the current one to stop, and waits for its end, for at most `patience`. */
  stop(): Promise<void>
}

/** Milliseconds. A process that stops does not wait longer for work that cannot be interrupted. */
const patience = 10_000

/**
 * Starts when it is first woken.
 * @param round does the work that there is, ends early if the signal is aborted, and returns the milliseconds until the
 * next check. An error that it throws is a defect of the program
 */
export function createWorker(round: (signal: AbortSignal) => Promise<number>): Worker {
  const stopping = new AbortController()
  let again = false
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> | undefined

  return { wake, stop }

  function wake(): void {
    again = true
    if (stopping.signal.aborted || running) return
    clearTimeout(timer)
    running = run().finally(() => (running = undefined))
  }

  async function stop(): Promise<void> {
    stopping.abort()
    clearTimeout(timer)
    await Promise.race([running, sleep(patience, undefined, { ref: false })])
  }

  async function run(): Promise<void> {
    let wait = 0
    while (again && !stopping.signal.aborted) {
      again = false
      wait = await round(stopping.signal)
    }
    if (!stopping.signal.aborted) timer = setTimeout(wake, wait).unref()
  }
}
