import { hash } from 'node:crypto'
import { changedMeanwhile } from '#shared/errors.ts'

/** The entity tags that a request's If-Match allows; undefined if it has none, and for `*`. */
export type Precondition = readonly string[] | undefined

/**
 * An entity tag for the fields of a resource that can be changed: another one whenever one of them has changed.
 * @returns with its quotes, as in the header
 */
export function etagOf(fields: object): string {
  return `"${hash('sha256', JSON.stringify(fields), 'base64url').slice(0, 16)}"`
}

/**
 * For a change of a resource, with its row locked.
 * @param current the resource as the API answers it, with its `etag`
 * @throws ApiError 412 with the current resource, if it is not the one that the request is based on
 */
export function requireMatch(precondition: Precondition, current: { etag: string }): void {
  if (precondition && !precondition.includes(current.etag)) throw changedMeanwhile(current)
}
