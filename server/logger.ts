import type { Logger } from 'pino'
import pino from 'pino'

const secretFields = [
  'password',
  'token',
  'refresh',
  'access',
  'authorization',
  'cookie',
  '*.password',
  '*.token',
  '*.authorization',
  '*.cookie',
]

/** Writes one JSON line per event to stdout. Fields that hold secrets are redacted. */
export function createLogger(level: string): Logger {
  return pino({
    level,
    base: undefined,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: name => ({ level: name }) },
    redact: { paths: secretFields, censor: '[redacted]' },
  })
}
