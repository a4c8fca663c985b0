import type { Database } from './realms.ts'
import { createDatabase } from './realms.ts'
import type { SlotsOptions } from './slots/options.ts'
import { createSlots } from './slots/slots.ts'

/** How to connect to the database. */
export interface Connecting {
  databaseUrl: string
  config: { dbPrepare: boolean; checkStatements: boolean }
}

/** Runs `work` with connections of its own, which end with it: slots of the server are for requests only. */
export async function withDatabase<T>(
  { databaseUrl, config }: Connecting,
  options: SlotsOptions,
  work: (database: Database) => Promise<T>,
): Promise<T> {
  const database = createDatabase(createSlots(databaseUrl, { ...usualOptions(config), ...options }))
  try {
    return await work(database)
  } finally {
    await database.end()
  }
}

/** The options that the configuration decides. */
export function usualOptions({ dbPrepare, checkStatements }: Connecting['config']): Partial<SlotsOptions> {
  return { prepare: dbPrepare, checkStatements }
}
