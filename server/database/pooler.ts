import type { Sql } from 'postgres'
import { connectDatabase } from './driver.ts'

/** The database cannot be used through the connection pooler; the message is one line that says what to set. */
export class PoolerError extends Error {}

/** Milliseconds, as for the slots: a pooler that drops this setting drops the others too. */
const statementTimeout = 5_000
/** Other clients of the pooler may use a backend in between. */
const triesLimit = 5

/**
 * Detects a connection pooler between us and PostgreSQL, and checks whether it can be used.
 * @param prepare whether prepared statements will be used
 * @throws PoolerError when it cannot be used, and the driver's error when the database is unavailable
 */
export async function checkPooler(url: string, prepare: boolean): Promise<void> {
  const [first, second] = [open(url), open(url)]
  try {
    await requireUsable(first, second, prepare)
  } catch (error) {
    const { code, message } = error as { code?: string; message: string }
    // Poolers answer unknown settings with a protocol violation.
    throw code === '08P01'
      ? new PoolerError(`DATABASE_URL: the connection pooler refuses us: ${message}; see docs/operations.md`)
      : error
  } finally {
    await Promise.all([first.end({ timeout: 0 }), second.end({ timeout: 0 })])
  }
}

async function requireUsable(first: Sql, second: Sql, prepare: boolean): Promise<void> {
  const rows = await first.unsafe(`select current_setting('statement_timeout') as timeout, pg_backend_pid() as pid`)
  const { timeout, pid } = rows[0]!
  // PostgreSQL tells each connection its process id; a pooler invents one.
  if (pid === (rows as unknown as { state: { pid: number } }).state.pid) return
  if (timeout === '0')
    throw new PoolerError(
      'DATABASE_URL: the connection pooler drops our time-outs; set them on the database: ' +
        `alter database … set statement_timeout = '5s'; and lock_timeout = '1500ms', idle_in_transaction_session_timeout = '10s'`,
    )
  if (!(await knowsTransactions(second)))
    throw new PoolerError(
      'DATABASE_URL: the connection pooler knows no transactions; set pool_mode = transaction or session',
    )
  if (prepare && !(await keepsStatements(first, second)))
    throw new PoolerError(
      'DATABASE_URL: the connection pooler keeps no prepared statements; set DB_PREPARE=0, ' +
        'or use PgBouncer 1.21 or newer with max_prepared_statements, or pool_mode = session',
    )
}

function knowsTransactions(client: Sql): Promise<boolean> {
  return client
    .begin(tx => tx.unsafe('select 1'))
    .then(
      () => true,
      () => false,
    )
}

// A statement is prepared on one backend. While the second client occupies that backend, the first client gets
// another one.
async function keepsStatements(first: Sql, second: Sql): Promise<boolean> {
  const ask = async () =>
    (await first.unsafe('select pg_backend_pid() as pid where $1::int = 1', [1], { prepare: true }))[0]!.pid as number
  for (let i = 0; i < triesLimit; i++) {
    const prepared = await ask()
    const answer = await second.begin(async tx => {
      const held = await tx.unsafe('select pg_backend_pid() as pid')
      // Not in session mode, where each client has its own backend.
      if (held[0]!.pid !== prepared) return 'elsewhere'
      return ask().then(
        () => 'kept',
        (error: { code?: string }) => (error.code === '26000' ? 'forgotten' : 'kept'),
      )
    })
    if (answer !== 'elsewhere') return answer === 'kept'
  }
  return true
}

function open(url: string): Sql {
  return connectDatabase(url, {
    max: 1,
    connect_timeout: 5,
    fetch_types: false,
    onnotice: () => {},
    connection: { application_name: 'tenantry-check', statement_timeout: statementTimeout },
  })
}
