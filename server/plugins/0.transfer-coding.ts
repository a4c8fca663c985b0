import { defineNitroPlugin } from 'nitropack/runtime'
import { requireKnownCoding } from '#server/http/body/transfer-coding.ts'

/** Before everything else, files too; what a hook of `request` throws would be swallowed. */
export default defineNitroPlugin(nitro => {
  const { options } = nitro.h3App
  const { onRequest } = options
  options.onRequest = event => {
    requireKnownCoding(event.node.req)
    return onRequest?.(event)
  }
})
