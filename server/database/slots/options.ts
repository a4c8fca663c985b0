import type { connectDatabase } from '#server/database/driver.ts'

export interface SlotsOptions {
  size: number
  /** How many of them one tenant may hold at once; half of them unless said. */
  tenantShare?: number
  /**
   * How many of them all transactions together leave to statements; a quarter unless said, and at least one of
   * several.
   */
  statementShare?: number
  /** False where a pooler in between keeps no prepared statements. */
  prepare?: boolean
  /** Milliseconds. */
  statementTimeout?: number
  lockTimeout?: number
  /** How long a transaction may sit between two statements. */
  idleTimeout?: number
  applicationName?: string
  /** Told of an answer that belonged to another statement; its slot is gone by then, and its request fails. */
  onMismatch?: (mismatch: { realm: string; message: string }) => void
  /** The driver, postgres.js unless a test brings a faulty one. */
  connect?: typeof connectDatabase
}
