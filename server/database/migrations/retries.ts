import { setTimeout as sleep } from 'node:timers/promises'
import { isConflict, isConnectionError, isTimeout } from '#server/database/errors.ts'
import { ApiError } from '#shared/errors.ts'

/** How often a schema's migration is tried while something else is in the way: for about half a minute. */
export const attemptsLimit = 12

/** Milliseconds. */
const firstDelay = 100
const longestDelay = 5_000

/** Whether the same migration may succeed after a moment: a lock was held, or the database was away. */
export function isWorthRetrying(error: unknown): boolean {
  if (isConflict(error) || isConnectionError(error)) return true
  return error instanceof ApiError && error.status === 503 && !isTimeout(error)
}

/**
 * @param attempt how many there have been
 * @returns the milliseconds until the next one: twice as many each time, and not the same for all who wait
 */
export function delayAfter(attempt: number): number {
  const longest = Math.min(longestDelay, firstDelay * 2 ** (attempt - 1))
  return longest * (0.5 + Math.random() / 2)
}

/** Repeats `work` while something else is in the way. */
export async function retrying<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      if (attempt >= attemptsLimit || !isConflict(error)) throw error
      await sleep(delayAfter(attempt))
    }
  }
}
