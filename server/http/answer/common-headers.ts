import type { H3Event } from 'h3'
import { setResponseHeaders } from 'h3'
import { getRuntime } from '#server/runtime.ts'
import { hasToken } from '#server/http/token-paths.ts'

/** Sets the headers of every response: pages, API, files and errors. */
export function setCommonHeaders(event: H3Event): void {
  setResponseHeaders(event, {
    'x-content-type-options': 'nosniff',
    // Pages replace it: nothing else is meant to be looked at, alone or in a frame.
    'content-security-policy': `default-src 'none'; frame-ancestors 'none'`,
    'cross-origin-resource-policy': 'same-origin',
    // A URL with a token must not be sent to anyone, not even with requests for our own assets.
    'referrer-policy': hasToken(event.path) ? 'no-referrer' : 'strict-origin-when-cross-origin',
  })
  if (getRuntime()?.app.config.protocol === 'https')
    setResponseHeaders(event, { 'strict-transport-security': 'max-age=31536000; includeSubDomains' })
}
