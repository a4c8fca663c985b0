import { removeResponseHeader, setResponseHeaders } from 'h3'
import { defineNitroPlugin } from 'nitropack/runtime'
import { hasToken } from '#server/http/token-paths.ts'
import { getRuntime } from '#server/runtime.ts'

/** Headers of every response: pages, API, files and errors. The headers of pages only are set in html.ts. */
export default defineNitroPlugin(nitro => {
  nitro.hooks.hook('request', event => {
    setResponseHeaders(event, {
      'x-content-type-options': 'nosniff',
      'cross-origin-resource-policy': 'same-origin',
      // A URL with a token must not be sent to anyone, not even with requests for our own assets.
      'referrer-policy': hasToken(event.path) ? 'no-referrer' : 'strict-origin-when-cross-origin',
    })
    if (getRuntime()?.app.config.protocol === 'https')
      setResponseHeaders(event, { 'strict-transport-security': 'max-age=31536000; includeSubDomains' })
  })
  nitro.hooks.hook('beforeResponse', event => removeResponseHeader(event, 'x-powered-by'))
})
