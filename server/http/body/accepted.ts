import type { H3Event } from 'h3'
import { isApiPath } from '#server/http/methods.ts'
import { imageSizeLimit } from '#server/domain/images/upload-limit.ts'

/** The accepted content types of a request's body, and its maximum size in bytes. */
export interface AcceptedBody {
  types: RegExp
  limit: number
  /**
   * How much is read before the request is rejected: a browser that cannot finish its upload never reads the
   * response.
   */
  readLimit: number
}

// Only JSON: a page of another site can send a form, or a body without a type, without a preflight.
const json: AcceptedBody = {
  types: /^application\/json[ \t]*(?:;[ \t]*charset="?utf-8"?[ \t]*)?$/i,
  limit: 1_000_000,
  readLimit: 1_000_000,
}
// Forms too: a PUT from another site needs a preflight. The difference between the limits is for the form's own
// lines.
const image: AcceptedBody = {
  types: /^(?:image\/(?:png|jpeg|webp)[ \t]*$|multipart\/form-data[ \t]*;)/i,
  limit: imageSizeLimit + 4_096,
  readLimit: 4 * imageSizeLimit,
}
// The number of rows is limited, not what other systems export beside the columns that are used.
const csv: AcceptedBody = {
  types: /^text\/(?:csv|tab-separated-values)[ \t]*(?:;[ \t]*(?:charset="?[\w-]{1,40}"?|header=present)[ \t]*)*$/i,
  limit: 8_000_000,
  readLimit: 16_000_000,
}

// Of a page that is sent without scripts.
const form: AcceptedBody = {
  types: /^application\/x-www-form-urlencoded[ \t]*(?:;|$)/i,
  limit: 16_000,
  readLimit: 64_000,
}

/** @returns what the request's path accepts: JSON, except for images, lists of users and forms of pages */
export function acceptedBody(event: H3Event): AcceptedBody {
  const path = event.path.split('?', 1)[0]!
  if (!isApiPath(path)) return form
  if (event.method === 'PUT' && /^\/api\/v1\/(?:users\/[^/]+\/photo|organization\/logo)\/?$/.test(path)) return image
  if (event.method === 'POST' && /^\/api\/v1\/users\/import\/?$/.test(path)) return csv
  return json
}
