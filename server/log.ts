import type { Logger } from 'pino'
import { createLogger } from './create-app.ts'

let logger: Logger | undefined

/** The process's log; made on first use, so that a fault before the configuration is read is logged too. */
export function log(): Logger {
  return (logger ??= createLogger(process.env.LOG_LEVEL ?? 'info'))
}
