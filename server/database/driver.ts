import postgres from 'postgres'

/**
 * postgres.js without its automatic retries. It runs a prepared statement again if PostgreSQL's error comes from one
 * of three routines (`retryRoutines` in its connection.js), such as "cached plan must not change result type", even
 * if other statements are already on the wire behind it. Their answers then reach the wrong callers. The retry cannot
 * be configured. It depends on the error's `routine`: without one, nothing is retried. See
 * docs/decisions/0012-answers.md.
 */
Object.defineProperty(postgres.PostgresError.prototype, 'routine', { get: () => undefined, set: () => {} })

export const connectDatabase = postgres
export const { PostgresError } = postgres
