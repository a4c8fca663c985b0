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

interface State {
  round: (signal: AbortSignal) => Promise<number>
  stopping: AbortController
  again: boolean
  timer: NodeJS.Timeout | undefined
  running: Promise<void> | undefined
}

/**
 * Starts when it is first woken.
 * @param round does the work that there is, ends early if the signal is aborted, and returns the milliseconds until the
 * next check. An error that it throws is a defect of the program
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
