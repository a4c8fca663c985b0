import { StorageRefusal } from '#server/domain/storage/refusal.ts'
import { ApiError } from '#shared/errors.ts'

/** Whether the error is temporary, because something was unavailable, and the work is tried again. */
export function isPassing(error: unknown): boolean {
  return error instanceof ApiError && error.status === 503 && !(error.cause instanceof StorageRefusal)
}
