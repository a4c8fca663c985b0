import type { z } from 'zod'
import type { Idempotency } from '#server/domain/idempotency/keys.ts'
import type { Turn } from '#server/http/heavy-work.ts'
import { ApiError } from '#shared/errors.ts'
import type { Access } from './access.ts'

/** What decides which errors a route can answer with. */
export interface ErrorSources {
  method: string
  path: string
  access: Access | undefined
  takesBody: boolean
  answer: z.ZodType | undefined
  turn: Turn | undefined
  idempotency: Idempotency | undefined
}

/** The statuses of all errors that a route may answer with, as the reference of the API lists them. */
export function errorStatuses({ method, path, access, takesBody, answer, turn, idempotency }: ErrorSources): number[] {
  const isChange = method === 'PATCH' || method === 'PUT'
  return [
    400,
    // Public routes of `auth/` take credentials too.
    ...(access !== 'public' || path.includes('/auth/') ? [401] : []),
    403,
    404,
    ...(method !== 'GET' || turn ? [409] : []),
    ...(isChange && answer ? [412] : []),
    ...(takesBody ? [413, 415] : []),
    ...(idempotency ? [422] : []),
    429,
    503,
  ]
}

/** @throws ApiError 500 in place of an error that the route does not declare, or that says more than it declares */
export function requireDeclaredError(error: unknown, sources: ErrorSources): void {
  if (!(error instanceof ApiError) || error.status < 400 || error.status >= 500) return
  if (!errorStatuses(sources).includes(error.status))
    throw new ApiError(500, { detail: `The route does not declare ${error.status}: ${error.message}` })
  const { current } = error.body
  if (current !== undefined) requirePartOf(sources.answer, current)
}

/** A 412 has the resource as it is now, with fields of the route's answer and no others. */
function requirePartOf(answer: z.ZodType | undefined, current: unknown): void {
  const { error } = (answer as z.ZodObject).partial().safeParse(JSON.parse(JSON.stringify(current)))
  if (error) throw new ApiError(500, { detail: `The 412 is not what its route declares: ${error.message}` })
}
