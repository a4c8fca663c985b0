import { ApiError } from '#shared/errors.ts'

/** Not the work's fault: the database or a lock was away for a moment, and it is tried again. */
export function isPassing(error: unknown): boolean {
  return error instanceof ApiError && error.status === 503
}
