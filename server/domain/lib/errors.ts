import { reasonOf } from '#server/database/errors.ts'
import { ApiError } from '#shared/errors.ts'

/** Whether certainly nothing was done: after a lost connection, a transaction may have been committed. */
export function isRefusal(error: unknown): error is ApiError {
  return error instanceof ApiError && error.status < 500
}

/**
 * Whether an error is about one of many items, and not about all of them, such as a lost right of the caller or an
 * unavailable database.
 */
export function isOfOne(error: unknown): error is ApiError {
  return error instanceof ApiError && ![401, 403, 503].includes(error.status)
}

/** @returns the text of an error for the user who requested the work; for a refusal, its own texts */
export function messageOf(error: unknown): string {
  if (isRefusal(error))
    return Object.entries(error.body)
      .filter(([field]) => field !== 'code')
      .flatMap(([, texts]) => texts)
      .join(' ')
  return reasonOf(error)
}
