import { defineNitroPlugin, useRuntimeConfig } from 'nitropack/runtime'

/**
 * Nitro copies its runtime configuration for every request that asks for it, and @nuxtjs/i18n asks at each, calls
 * of the API too: a third of a millisecond. It is frozen and nothing of ours is in it, so all may have the same
 * one.
 */
export default defineNitroPlugin(nitro => {
  const shared = useRuntimeConfig()
  const { options } = nitro.h3App
  const { onRequest } = options
  // Before the hooks of `request`, of which that module's is the first.
  options.onRequest = event => {
    event.context.nitro = { errors: [], runtimeConfig: shared }
    return onRequest?.(event)
  }
})
