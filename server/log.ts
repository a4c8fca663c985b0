import type { Logger } from 'pino'
import { createLogger } from './logger.ts'

let logger: Logger | undefined

/** The process's log; created on first use, so that errors before the configuration is read are logged too. */
export function log(): Logger {
  return (logger ??= createLogger(process.env.LOG_LEVEL ?? 'info'))
}
