import { connectDatabase } from '#server/database/driver.ts'
import type { SlotsOptions } from './options.ts'
import type { Slot } from './slot.ts'
import { createSlot } from './slot.ts'
import { requireAllowed } from './statement-rules.ts'

/**
 * Opens one connection of its own.
 * @param onClose called when the connection has ended, for whatever reason
 */
export function openSlot(url: string, options: SlotsOptions, onClose: (slot: Slot) => void): Slot {
  const connect = options.connect ?? connectDatabase
  const sql = connect(url, { ...clientOptions(options), onclose: () => onClose(slot) })
  const slot = createSlot(sql, options.checkStatements ? requireAllowed : undefined)
  return slot
}

function clientOptions(options: SlotsOptions) {
  return {
    max: 1,
    connect_timeout: 2,
    max_lifetime: null,
    fetch_types: false,
    // The driver's own COMMIT and ROLLBACK too.
    prepare: options.prepare !== false,
    onnotice: () => {},
    connection: {
      application_name: options.applicationName ?? 'tenantry',
      statement_timeout: options.statementTimeout ?? 5_000,
      lock_timeout: options.lockTimeout ?? 1_500,
      idle_in_transaction_session_timeout: options.idleTimeout ?? 10_000,
      ...(options.searchPath === undefined ? {} : { search_path: options.searchPath }),
    },
  }
}
