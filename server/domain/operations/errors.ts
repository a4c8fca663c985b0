import { ApiError } from '#shared/errors.ts'

/** Whether the error is temporary, because the database or a lock was unavailable, and the work is tried again. */
export function isPassing(error: unknown): boolean {
  return error instanceof ApiError && error.status === 503
}
