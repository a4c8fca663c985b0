import type { Logger } from 'pino'
import type { Config } from './config.ts'
import type { Database } from './database/realms.ts'
import { createDatabase } from './database/realms.ts'
import type { SlotsOptions } from './database/slots/options.ts'
import { createSlots } from './database/slots/slots.ts'
import { usualOptions } from './database/with-database.ts'
import type { App } from './domain/context.ts'
import { createKeyRings } from './domain/keys/ring.ts'
import { createPacer } from './domain/lib/pacer.ts'
import { createHashing } from './domain/sessions/hashing.ts'
import { createLimits } from './domain/sessions/limits.ts'
import { createVerifiedTokens } from './domain/sessions/tokens/verified.ts'
import { openFiles } from './domain/storage/open.ts'

export interface RunningApp extends App {
  /** Closes every connection, and stops the embedded database if no other process uses it. */
  close(): Promise<void>
}

/**
 * Creates what the domain rules need. Starts the embedded database if DATABASE_URL is not set; otherwise connects
 * only with the first query.
 */
export async function createApp(
  config: Config,
  log: Logger,
  { url, ...slotsOptions }: Partial<SlotsOptions> & { url?: string } = {},
): Promise<RunningApp> {
  const embedded = config.databaseUrl ? undefined : await startEmbedded(config.dataDir)
  const databaseUrl = config.databaseDirectUrl ?? config.databaseUrl ?? embedded!.url
  const database = openDatabase(url ?? config.databaseUrl ?? databaseUrl, config, log, slotsOptions)
  return {
    observer: { count: () => {} },
    config,
    database,
    databaseUrl,
    log,
    keys: createKeyRings(config),
    verifiedTokens: createVerifiedTokens(),
    hashing: createHashing({ pepper: config.pepper, cost: config.bcryptCost }),
    limits: createLimits(database.slots, config.limitIpv6Prefix),
    pacer: createPacer(),
    files: await openFiles(config),
    ignoredForwarders: new Set(),
    async close() {
      await database.end()
      await embedded?.release()
    },
  }
}

// Loaded only where it is needed.
async function startEmbedded(dataDir: string) {
  const { startEmbeddedDatabase } = await import('./database/embedded/embedded.ts')
  return startEmbeddedDatabase(dataDir)
}

function openDatabase(url: string, config: Config, log: Logger, options: Partial<SlotsOptions>): Database {
  const slots = createSlots(url, {
    size: config.dbSlots,
    tenantShare: config.dbTenantSlots,
    ...usualOptions(config),
    onMismatch: ({ realm, message }) => log.error({ event: 'answer_mismatched', realm, reason: message }),
    ...options,
  })
  return createDatabase(slots)
}
