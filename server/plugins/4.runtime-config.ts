import { defineNitroPlugin, useRuntimeConfig } from 'nitropack/runtime'

/**
 * Nitro copies its runtime configuration for every request that reads it, and @nuxtjs/i18n reads it in every request,
 * API calls included: a third of a millisecond. It is frozen and has nothing of ours in it, so all requests can share
 * one.
 */
export default defineNitroPlugin(nitro => {
  const shared = useRuntimeConfig()
  const { options } = nitro.h3App
  const { onRequest } = options
  // Before the `request` hooks, the first of which is that module's.
  options.onRequest = event => {
    event.context.nitro = { errors: [], runtimeConfig: shared }
    return onRequest?.(event)
  }
})
