import { removeResponseHeader, setResponseHeaders } from 'h3'
import { defineNitroPlugin } from 'nitropack/runtime'
import { hasToken } from '#server/http/token-paths.ts'
import { getRuntime } from '#server/runtime.ts'

/** Headers on every answer: pages, API, files and errors alike. What only pages have is in html.ts. */
export default defineNitroPlugin(nitro => {
  nitro.hooks.hook('request', event => {
    setResponseHeaders(event, {
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'same-origin',
      // A link with a token in its path must not be told to anyone, not even to our own assets' log.
      'referrer-policy': hasToken(event.path) ? 'no-referrer' : 'strict-origin-when-cross-origin',
    })
    if (getRuntime()?.app.config.protocol === 'https')
      setResponseHeaders(event, { 'strict-transport-security': 'max-age=31536000; includeSubDomains' })
  })
  nitro.hooks.hook('beforeResponse', event => removeResponseHeader(event, 'x-powered-by'))
})
