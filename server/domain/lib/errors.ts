import { reasonOf } from '#server/database/errors.ts'
import { ApiError } from '#shared/errors.ts'

/**
 * Whether nothing was done, for certain: after a lost connection a transaction may have been committed all the
 * same.
 */
export function isRefusal(error: unknown): error is ApiError {
  return error instanceof ApiError && error.status < 500
}

/**
 * Whether an error is about one of many that are dealt with together, and not about all of them: such as that the
 * caller has lost the right to it, or that the database is away.
 */
export function isOfOne(error: unknown): error is ApiError {
  return error instanceof ApiError && ![401, 403, 503].includes(error.status)
}

/** @returns what an error says to whoever asked for the work: of a refusal, its own texts */
export function messageOf(error: unknown): string {
  if (isRefusal(error))
    return Object.entries(error.body)
      .filter(([field]) => field !== 'code')
      .flatMap(([, texts]) => texts)
      .join(' ')
  return reasonOf(error)
}
