import { setResponseHeaders } from 'h3'
import { readSessionCookies } from '#server/http/cookies.ts'
import { referencePage, referencePolicy } from '#server/http/reference-page.ts'
import { defineHostRoute } from '#server/http/route.ts'
import { notFound } from '#shared/errors.ts'

/** The reference of this host's API to read and to try out, with the session of the browser. */
export default defineHostRoute(
  { summary: 'Read this reference', access: 'public', sends: 'text/html' },
  ({ app: { config }, event }) => {
    if (!config.apiDocs) throw notFound()
    setResponseHeaders(event, {
      'content-type': 'text/html;charset=utf-8',
      'content-security-policy': referencePolicy,
      'cross-origin-opener-policy': 'same-origin',
      'cache-control': 'private, no-store',
    })
    return referencePage(readSessionCookies(event, config).refresh !== undefined)
  },
)
