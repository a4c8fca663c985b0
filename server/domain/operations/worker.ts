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

interface State {
  round: (signal: AbortSignal) => Promise<number>
  stopping: AbortController
  again: boolean
  timer: NodeJS.Timeout | undefined
  running: Promise<void> | undefined
}

/**
 * Begins to work when it is first woken.
 * @param round does what there is to do, ends early where the signal says so, and gives the milliseconds until the next
 * look; what it throws is a fault of the program
 */
export function createWorker(round: State['round']): Worker {
  const state: State = { round, stopping: new AbortController(), again: false, timer: undefined, running: undefined }
  return { wake: () => wake(state), stop: () => stop(state) }
}

function wake(state: State): void {
  state.again = true
  if (state.stopping.signal.aborted || state.running) return
  clearTimeout(state.timer)
  state.running = run(state).finally(() => (state.running = undefined))
}

async function run(state: State): Promise<void> {
  const { signal } = state.stopping
  let wait = 0
  while (state.again && !signal.aborted) {
    state.again = false
    wait = await state.round(signal)
  }
  if (!signal.aborted) state.timer = setTimeout(wake, wait, state).unref()
}

async function stop({ stopping, timer, running }: State): Promise<void> {
  stopping.abort()
  clearTimeout(timer)
  await Promise.race([running, sleep(patience, undefined, { ref: false })])
}
