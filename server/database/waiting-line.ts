import { unavailable } from '../../shared/errors.ts'

/** Callers for whom no slot was free, first come, first served; nobody waits long, and no more than so many. */
export interface WaitingLine {
  /** Until it is the caller's turn to look again. @throws ApiError 503 after two seconds, or at once where the line is full */
  wait(): Promise<void>
  /** Lets the first one go. */
  advance(): void
  /** Sends everyone away. */
  dismiss(): void
  length(): number
}

const waitLimit = 2_000
const waitersLimit = 500

export function createWaitingLine(): WaitingLine {
  const waiters: { wake: () => void, fail: (error: Error) => void, timer: NodeJS.Timeout }[] = []

  return { wait, advance, dismiss, length: () => waiters.length }

  function wait(): Promise<void> {
    if (waiters.length >= waitersLimit) throw unavailable()
    return new Promise((wake, fail) => {
      const timer = setTimeout(() => {
        waiters.splice(waiters.indexOf(waiter), 1)
        fail(unavailable())
      }, waitLimit)
      const waiter = { wake, fail, timer }
      waiters.push(waiter)
    })
  }

  function advance(): void {
    const waiter = waiters.shift()
    if (!waiter) return
    clearTimeout(waiter.timer)
    waiter.wake()
  }

  function dismiss(): void {
    for (const { fail, timer } of waiters.splice(0)) {
      clearTimeout(timer)
      fail(unavailable())
    }
  }
}
