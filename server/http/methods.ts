import type { H3Event } from 'h3'
import { ApiError } from '#shared/errors.ts'

export const unsafeMethods: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH', 'DELETE'])

export function isApiPath(path: string): boolean {
  return /^\/api(?:[/?]|$)/.test(path)
}

/**
 * Pages and files are read-only.
 * @returns the answer to any other method
 */
export function pageMethods(event: H3Event): ApiError | undefined {
  if (event.method === 'GET' || event.method === 'HEAD') return undefined
  return event.method === 'OPTIONS'
    ? optionsAnswer(['GET', 'HEAD', 'OPTIONS'])
    : methodNotAllowed(event.method, ['GET', 'HEAD', 'OPTIONS'])
}

export function methodNotAllowed(method: string, allowed: string[]): ApiError {
  return new ApiError(405, { detail: `Method "${method}" not allowed.` }, { allow: allowed.join(', ') })
}

/** OPTIONS lists the methods, without CORS headers. */
export function optionsAnswer(allowed: string[]): ApiError {
  return new ApiError(204, {}, { allow: allowed.join(', ') })
}
