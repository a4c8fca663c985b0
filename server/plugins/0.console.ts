import { format } from 'node:util'
import { defineNitroPlugin } from 'nitropack/runtime'
import { log } from '#server/log.ts'

const levels = { debug: 'debug', log: 'info', info: 'info', warn: 'warn', error: 'error' } as const

/** What the runtime and libraries print becomes events of the log, so that every line of the process is one. */
export default defineNitroPlugin(() => {
  if (import.meta.dev) return
  for (const [method, level] of Object.entries(levels) as [keyof typeof levels, 'info'][]) {
    console[method] = (...args: unknown[]) => log()[level](eventOf(format(...args)))
  }
  // Node's own listener writes text.
  process.removeAllListeners('warning')
  process.on('warning', ({ name, message }) => log().warn({ event: 'process_warning', name, message }))
})

function eventOf(message: string) {
  // The one line that Nitro prints at each start.
  const url = /^Listening on (\S+)$/.exec(message)?.[1]
  return url ? { event: 'server_listening', url } : { event: 'console_output', message }
}
