/** What PostgreSQL and postgres.js mean by their error codes; see PostgreSQL's manual, appendix A. */

/** True when the connection is gone or cannot be made, so that its slot must be thrown away. */
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

/** True when a connection that stood has gone: nobody knows what became of the statement under way. */
export function isConnectionLost(error: unknown): boolean {
  return ['CONNECTION_CLOSED', 'ECONNRESET', 'EPIPE', '57P01'].includes(codeOf(error))
}

/**
 * True when a prepared statement was refused before it began: its plan's result has changed, the connection does not
 * know it, or its names and types fit the tables no more (class 42).
 */
export function isStatementRefused(error: unknown): boolean {
  const code = codeOf(error)
  return code === '26000' || code.startsWith('42') || (code === '0A000' && /cached plan/.test((error as Error).message))
}

/** True when a statement, a lock or the disk gave up: worth trying again later. */
export function isTimeout(error: unknown): boolean {
  return ['57014', '55P03', '53100', '53200', '53400', '40001', '40P01', '25006'].includes(codeOf(error))
}

/** @returns the name of the unique index or key that refused a row, or undefined for any other error */
export function violatedUnique(error: unknown): string | undefined {
  return codeOf(error) === '23505' ? constraintOf(error) : undefined
}

/** @returns the name of the foreign key that refused a change, or undefined for any other error */
export function violatedReference(error: unknown): string | undefined {
  return ['23503', '23001'].includes(codeOf(error)) ? constraintOf(error) : undefined
}

/**
 * @returns what an error says, for the log and for operators: not drizzle's own message, which holds the query's
 * parameters and so perhaps a secret, but its cause's
 */
export function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return cause instanceof Error ? cause.message : String(cause)
}

function codeOf(error: unknown): string {
  const source = sourceOf(error)
  return typeof source.code === 'string' ? source.code : ''
}

function constraintOf(error: unknown): string | undefined {
  return (sourceOf(error) as { constraint_name?: string }).constraint_name
}

// drizzle wraps what the driver throws, and h3 wraps what anyone throws.
function sourceOf(error: unknown): { code?: unknown } {
  for (let source = error; source instanceof Error; source = source.cause) {
    if ('code' in source && typeof source.code === 'string') return source
  }
  return {}
}
