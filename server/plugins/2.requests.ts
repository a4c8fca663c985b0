import { getResponseStatus, removeResponseHeader } from 'h3'
import { defineNitroPlugin, useRuntimeConfig } from 'nitropack/runtime'
import { requireKnownCoding } from '#server/http/body/transfer-coding.ts'
import { setCommonHeaders } from '#server/http/answer/common-headers.ts'
import { countAnswer } from '#server/http/answer/count-answer.ts'
import { nameRequest } from '#server/http/traces/trace-requests.ts'
import { isApiPath } from '#server/http/methods.ts'
import { processConfig } from '#server/process-config.ts'

/**
 * What happens before and after every request.
 *
 * The hooks of Nitro and its modules are for pages only. They copy Nitro's runtime configuration, which is frozen and
 * has nothing of ours in it, so all requests can share one.
 */
export default defineNitroPlugin(nitro => {
  const runtimeConfig = useRuntimeConfig()
  const isMeasured = processConfig().metricsPort !== undefined
  const { options } = nitro.h3App
  const { onRequest, onBeforeResponse, onAfterResponse } = options
  options.onRequest = event => {
    // Before everything else, static files included.
    requireKnownCoding(event.node.req)
    event.context.nitro = { errors: [], runtimeConfig }
    if (isMeasured) event.context.started = performance.now()
    nameRequest(event)
    setCommonHeaders(event)
    return isApiPath(event.path) ? undefined : onRequest?.(event)
  }
  options.onBeforeResponse = (event, response) => {
    if (isApiPath(event.path)) return
    removeResponseHeader(event, 'x-powered-by')
    return onBeforeResponse?.(event, response)
  }
  options.onAfterResponse = (event, response) => {
    // Errors are counted in error-handler.ts.
    countAnswer(event, getResponseStatus(event))
    return isApiPath(event.path) ? undefined : onAfterResponse?.(event, response)
  }
})
