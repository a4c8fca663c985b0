import { defineNitroPlugin } from 'nitropack/runtime'
import { requireKnownCoding } from '#server/http/body/transfer-coding.ts'

/** Runs before everything else, static files included. An error in a `request` hook would be ignored. */
export default defineNitroPlugin(nitro => {
  const { options } = nitro.h3App
  const { onRequest } = options
  options.onRequest = event => {
    requireKnownCoding(event.node.req)
    return onRequest?.(event)
  }
})
