import { ApiError } from '../../shared/errors.ts'
import { reasonOf } from '../database/errors.ts'

/** @returns what an error says to whoever asked for the work: of a refusal, its own texts */
export function messageOf(error: unknown): string {
  if (error instanceof ApiError && error.status < 500) return Object.entries(error.body).filter(([field]) => field !== 'code').flatMap(([, texts]) => texts).join(' ')
  return reasonOf(error)
}
