import { format } from 'node:util'
import { defineNitroPlugin } from 'nitropack/runtime'
import { log } from '#server/log.ts'

const levels = { debug: 'debug', log: 'info', info: 'info', warn: 'warn', error: 'error' } as const

/** Turns what the runtime and libraries print into log events, so that every line of the log is JSON. */
export default defineNitroPlugin(() => {
  if (import.meta.dev) return
  for (const [method, level] of Object.entries(levels) as [keyof typeof levels, 'info'][]) {
    console[method] = (...args: unknown[]) => {
      const message = format(...args)
      // The one line that Nitro prints at each start.
      const url = /^Listening on (\S+)$/.exec(message)?.[1]
      log()[level](url ? { event: 'server_port_opened', url } : { event: 'console_output_captured', message })
    }
  }
  // Node's own listener writes plain text.
  process.removeAllListeners('warning')
  process.on('warning', ({ name, message }) => log().warn({ event: 'process_warning_emitted', name, message }))
})
