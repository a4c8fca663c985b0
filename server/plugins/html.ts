import { randomBytes } from 'node:crypto'
import { setResponseHeaders } from 'h3'
import { defineNitroPlugin } from 'nitropack/runtime'

/**
 * Headers of every HTML response, including redirects and error pages. plugins/nonce.server.ts sets the nonce on the
 * tags.
 */
export default defineNitroPlugin(nitro => {
  nitro.hooks.hook('render:before', ({ event }) => {
    const nonce = randomBytes(16).toString('base64')
    Object.assign(event.context, { nonce, localCall: nitro.localCall })
    setResponseHeaders(event, {
      'content-security-policy': contentSecurityPolicy(nonce),
      'cross-origin-opener-policy': 'same-origin',
      'cache-control': 'private, no-store',
    })
  })

  // The colour mode module adds its script here, as a separate chunk after the tags of the head.
  nitro.hooks.hook('render:html', (html, { event }) => {
    html.head = html.head.map(chunk => chunk.replace(/^<script>/, `<script nonce="${event.context.nonce}">`))
  })

  nitro.hooks.hook('render:response', response => {
    if (response.headers) delete response.headers['x-powered-by']
  })
})

function contentSecurityPolicy(nonce: string): string {
  return [
    `default-src 'self'`,
    `script-src 'self' 'nonce-${nonce}'`,
    `style-src 'self' 'unsafe-inline'`,
    `img-src 'self' data: blob:`,
    `font-src 'self' data:`,
    `connect-src 'self'`,
    `object-src 'none'`,
    `base-uri 'none'`,
    `frame-ancestors 'none'`,
    `form-action 'self'`,
  ].join('; ')
}
