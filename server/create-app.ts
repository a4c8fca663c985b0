import type { Logger } from 'pino'
import pino from 'pino'
import type { Config } from './config.ts'
import { startEmbeddedDatabase } from './database/embedded/embedded.ts'
import { createDatabase } from './database/realms.ts'
import type { SlotsOptions } from './database/slots/options.ts'
import { createSlots } from './database/slots/slots.ts'
import type { App } from './domain/context.ts'
import { createKeyRings } from './domain/keys/ring.ts'
import { createPacer } from './domain/lib/pacer.ts'
import { createHashing } from './domain/sessions/hashing.ts'
import { createLimits } from './domain/sessions/limits.ts'

export interface RunningApp extends App {
  /** Ends every connection, and the embedded database where no other process uses it. */
  close(): Promise<void>
}

/**
 * Puts together what every rule needs. Starts the embedded database where no DATABASE_URL is set;
 * otherwise connects only when first asked something.
 */
export async function createApp(
  config: Config,
  log: Logger,
  slotsOptions: Partial<SlotsOptions> = {},
): Promise<RunningApp> {
  const embedded = config.databaseUrl ? undefined : await startEmbeddedDatabase(config.dataDir)
  const databaseUrl = config.databaseUrl ?? embedded!.url
  const slots = createSlots(databaseUrl, {
    size: config.dbSlots,
    tenantShare: config.dbTenantSlots,
    prepare: config.dbPrepare,
    onMismatch: mismatch => log.error({ event: 'answer_mismatched', ...mismatch }),
    ...slotsOptions,
  })
  const database = createDatabase(slots)
  return {
    config,
    database,
    databaseUrl,
    log,
    keys: createKeyRings(config),
    hashing: createHashing({ pepper: config.pepper, cost: config.bcryptCost }),
    limits: createLimits(slots, config.limitIpv6Prefix),
    pacer: createPacer(),
    async close() {
      await database.end()
      await embedded?.release()
    },
  }
}

/** One JSON line per event on stdout; whatever is called a secret is blotted out. */
export function createLogger(level: string): Logger {
  return pino({
    level,
    base: undefined,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: name => ({ level: name }) },
    redact: {
      paths: [
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
      ],
      censor: '[redacted]',
    },
  })
}
