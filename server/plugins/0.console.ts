import { format } from 'node:util'
import { defineNitroPlugin } from 'nitropack/runtime'
import { describeError } from '#server/database/errors.ts'
import { log } from '#server/log.ts'

const levels = { debug: 'debug', log: 'info', info: 'info', warn: 'warn', error: 'error' } as const

// Some errors have the parameters of a query in their text or fields.
const printable = (arg: unknown) => (arg instanceof Error ? describeError(arg).stack : arg)

/** Turns what the runtime and libraries print into log events, so that every line of the log is JSON. */
export default defineNitroPlugin(() => {
  if (import.meta.dev) return
  for (const [method, level] of Object.entries(levels) as [keyof typeof levels, 'info'][]) {
    console[method] = (...args: unknown[]) => {
      log()[level]({ event: 'console_output_captured', message: format(...args.map(printable)) })
    }
  }
  // Node's own listener writes plain text.
  process.removeAllListeners('warning')
  process.on('warning', ({ name, message }) => log().warn({ event: 'process_warning_emitted', name, message }))
})
