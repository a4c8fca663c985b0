import type { Database } from './realms.ts'
import { createDatabase } from './realms.ts'
import type { SlotsOptions } from './slots/options.ts'
import { createSlots } from './slots/slots.ts'

/** Runs `work` with connections of its own, which end with it: slots of the server are for requests only. */
export async function withDatabase<T>(
  url: string,
  options: SlotsOptions,
  work: (database: Database) => Promise<T>,
): Promise<T> {
  const database = createDatabase(createSlots(url, options))
  try {
    return await work(database)
  } finally {
    await database.end()
  }
}
