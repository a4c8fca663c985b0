import { getResponseStatus } from 'h3'
import { defineNitroPlugin } from 'nitropack/runtime'
import { countAnswer } from '#server/http/count-answer.ts'
import { whileRunning } from '#server/runtime.ts'

/**
 * Counts the answers of every portal (what is thrown is counted where it is rendered, in error-handler.ts), and
 * ends what operators began.
 */
export default defineNitroPlugin(nitro => {
  nitro.hooks.hook('afterResponse', event => countAnswer(event, getResponseStatus(event)))
  whileRunning(({ activity }) => activity.start())
  whileRunning(({ fleetRuns }) => fleetRuns.stop)
})
