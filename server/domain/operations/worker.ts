import { setTimeout as sleep } from 'node:timers/promises'

/** Work beside the requests, done one round at a time for as long as the process lives. */
export interface Worker {
  /** Says that there may be something to do. */
  wake(): void
  /** Waits, for so long, for the round that is under way, which is told to end, and begins no other. */
  stop(): Promise<void>
}

/** Milliseconds: what cannot be ended halfway is not waited for by a process that is told to stop. */
const patience = 10_000

/**
 * Begins to work when it is first woken.
 * @param round does what there is to do, ends early where the signal says so, and gives the milliseconds until the next
 * look; what it throws is a fault of the program
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
