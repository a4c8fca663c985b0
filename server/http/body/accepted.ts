import type { H3Event } from 'h3'
import { imageSizeLimit } from '#server/domain/images/sizes.ts'
import { importSizeLimit } from '#server/domain/users/import/rows.ts'

/** What a request may carry: the types of its body, and how many bytes of it. */
export interface AcceptedBody {
  types: RegExp
  limit: number
  /** How much is read before it is refused: a browser that has to stop sending a file never reads why. */
  readLimit: number
}

// JSON alone: a form, or a body of no type at all, is what a page of another site can send without asking.
const json: AcceptedBody = {
  types: /^application\/json[ \t]*(?:;[ \t]*charset="?utf-8"?[ \t]*)?$/i,
  limit: 1_000_000,
  readLimit: 1_000_000,
}
// Forms too, as browsers ask before they PUT one to another site; the rest of the limit is for a form's own lines.
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

/** @returns what this request's path takes: JSON, but for pictures and lists of people */
export function acceptedBody(event: H3Event): AcceptedBody {
  const path = event.path.split('?', 1)[0]!
  if (event.method === 'PUT' && /^\/api\/v1\/(?:users\/[^/]+\/photo|organization\/logo)\/?$/.test(path)) return image
  if (event.method === 'POST' && /^\/api\/v1\/users\/import\/?$/.test(path)) return csv
  return json
}
