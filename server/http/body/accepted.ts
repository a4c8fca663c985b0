import type { H3Event } from 'h3'
import { imageSizeLimit } from '#server/domain/images/upload-limit.ts'
import { importSizeLimit } from '#server/domain/users/import/rows.ts'

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
const csv: AcceptedBody = {
  types: /^text\/csv[ \t]*(?:;[ \t]*(?:charset="?utf-8"?|header=present)[ \t]*)*$/i,
  limit: importSizeLimit,
  readLimit: 4 * importSizeLimit,
}

/** @returns what the request's path accepts: JSON, except for images and lists of users */
export function acceptedBody(event: H3Event): AcceptedBody {
  const path = event.path.split('?', 1)[0]!
  if (event.method === 'PUT' && /^\/api\/v1\/(?:users\/[^/]+\/photo|organization\/logo)\/?$/.test(path)) return image
  if (event.method === 'POST' && /^\/api\/v1\/users\/import\/?$/.test(path)) return csv
  return json
}
