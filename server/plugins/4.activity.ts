import { defineNitroPlugin } from 'nitropack/runtime'
import { whileRunning } from '#server/runtime.ts'

/** Writes down, now and then, how many requests each portal has answered. */
export default defineNitroPlugin(() => whileRunning(({ activity }) => activity.start()))
