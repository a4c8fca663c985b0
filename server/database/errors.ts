/** The meaning of PostgreSQL's and postgres.js's error codes; see PostgreSQL's manual, appendix A. */

/** True when the connection is lost or cannot be made, so that its slot must be replaced. */
export function isConnectionError(error: unknown): boolean {
  const code = codeOf(error)
  return code.startsWith('08') || connectionCodes.has(code)
}

const connectionCodes = new Set([
  'CONNECTION_CLOSED',
  'CONNECTION_ENDED',
  'CONNECTION_DESTROYED',
  'CONNECT_TIMEOUT',
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOENT',
  '57P01',
  '57P02',
  '57P03',
  '57P05',
  '53300',
  '25P03',
  '25P04',
])

/** True when an open connection was lost: whether the current statement was executed is unknown. */
export function isConnectionLost(error: unknown): boolean {
  return ['CONNECTION_CLOSED', 'ECONNRESET', 'EPIPE', '57P01'].includes(codeOf(error))
}

/**
 * True when a prepared statement was rejected before it ran: its plan's result has changed, the connection does not
 * know it, or its names and types no longer fit the tables (class 42).
 */
export function isStatementRefused(error: unknown): boolean {
  const code = codeOf(error)
  return code === '26000' || code.startsWith('42') || (code === '0A000' && /cached plan/.test((error as Error).message))
}

/** True when a statement, a lock or the disk reached its limit: a later retry may succeed. */
export function isTimeout(error: unknown): boolean {
  return ['57014', '55P03', '53100', '53200', '53400', '40001', '40P01', '25006'].includes(codeOf(error))
}

/** True when another transaction was in the way: the same work may succeed after a moment. */
export function isConflict(error: unknown): boolean {
  return ['55P03', '40P01', '40001'].includes(codeOf(error))
}

/** True when a schema lacks a table, because it has not been migrated yet. */
export function isTableMissing(error: unknown): boolean {
  return codeOf(error) === '42P01'
}

/** @returns the name of the unique index or key that rejected a row, or undefined for any other error */
export function violatedUnique(error: unknown): string | undefined {
  return codeOf(error) === '23505' ? constraintOf(error) : undefined
}

/** @returns the name of the foreign key that rejected a change, or undefined for any other error */
export function violatedReference(error: unknown): string | undefined {
  return ['23503', '23001'].includes(codeOf(error)) ? constraintOf(error) : undefined
}

/**
 * @returns the text of an error, for the log and for operators: that of its first cause. drizzle's own message contains
 * the query's parameters, which may be secret.
 */
export function reasonOf(error: unknown): string {
  let cause = error
  while (cause instanceof Error && cause.cause instanceof Error) cause = cause.cause
  return cause instanceof Error ? cause.message : String(cause)
}

/** An error for the log: its text as `reasonOf` gives it, and the stack of the same error. */
export function describeError(error: unknown): { message: string; stack?: string } {
  const isQuery = error instanceof Error && error.message.startsWith('Failed query')
  const source = isQuery && error.cause instanceof Error ? error.cause : error
  return source instanceof Error ? { message: source.message, stack: source.stack } : { message: String(source) }
}

function codeOf(error: unknown): string {
  const source = sourceOf(error)
  return typeof source.code === 'string' ? source.code : ''
}

// Citus reports an error of another machine without its fields. The name is then in the text only, with the number of
// the table's part: users_email_102012.
function constraintOf(error: unknown): string | undefined {
  const { constraint_name, message } = sourceOf(error) as { constraint_name?: string; message?: string }
  return constraint_name ?? /constraint "([^"]+?)(?:_\d{6,})?"/.exec(message ?? '')?.[1]
}

// drizzle wraps the driver's errors, and h3 wraps all errors.
function sourceOf(error: unknown): { code?: unknown } {
  for (let source = error; source instanceof Error; source = source.cause) {
    if ('code' in source && typeof source.code === 'string') return source
  }
  return {}
}
