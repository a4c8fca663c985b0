import type { connectDatabase } from '#server/database/driver.ts'

export interface SlotsOptions {
  size: number
  /** How many of them one tenant may hold at once; by default half of them. */
  tenantShare?: number
  /**
   * How many slots transactions always leave to statements; by default a quarter, and at least one if there are several
   * slots.
   */
  statementShare?: number
  /** False if a pooler in between keeps no prepared statements. */
  prepare?: boolean
  /** Whether statements that break a rule of `statement-rules.ts` are refused, in tests. */
  checkStatements?: boolean
  /** Milliseconds for which a caller waits for a slot before it is refused. */
  waitLimit?: number
  /** Milliseconds. */
  statementTimeout?: number
  lockTimeout?: number
  /** How long a transaction may be idle between two statements. */
  idleTimeout?: number
  applicationName?: string
  /** The schema of unqualified names. For a connection of its own only: no statement of ours relies on it. */
  searchPath?: string
  /** Called for an answer that belonged to another statement. Its slot is already closed, and its request fails. */
  onMismatch?: (mismatch: { realm: string; message: string }) => void
  /** The driver: postgres.js, or a faulty one in a test. */
  connect?: typeof connectDatabase
}
