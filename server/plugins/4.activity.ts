import { getResponseStatus } from 'h3'
import { defineNitroPlugin } from 'nitropack/runtime'
import { countAnswer } from '#server/http/count-answer.ts'
import { whileRunning } from '#server/runtime.ts'

/**
 * Counts the responses of every portal (errors are counted in error-handler.ts), and stops migration runs at the end.
 */
export default defineNitroPlugin(nitro => {
  nitro.hooks.hook('afterResponse', event => countAnswer(event, getResponseStatus(event)))
  whileRunning(({ activity }) => activity.start())
  whileRunning(({ fleetRuns }) => fleetRuns.stop)
})
