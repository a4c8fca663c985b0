import type { Config } from './config.ts'
import { loadConfig } from './config.ts'
import { ConfigError } from './config/error.ts'
import { createLogger } from './logger.ts'

let config: Config | undefined

/** This process's configuration. Ends the process if it is wrong. */
export function processConfig(): Config {
  return (config ??= requireConfig())
}

function requireConfig(): Config {
  try {
    // A built server runs in production mode unless NODE_ENV says otherwise.
    return loadConfig({
      ...process.env,
      NODE_ENV: process.env.NODE_ENV ?? (import.meta.dev ? 'development' : 'production'),
    })
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    // Independent of LOG_LEVEL: the reason of a failed start must be visible.
    createLogger('fatal').fatal({ event: 'config_rejected', reason: error.message })
    process.exit(1)
  }
}
