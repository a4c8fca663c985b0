import postgres from 'postgres'

/**
 * postgres.js without its repeats. It runs a prepared statement again by itself where PostgreSQL's error comes from
 * one of three routines (`retryRoutines` in its connection.js), such as "cached plan must not change result type",
 * although other statements are already on their way behind it: their answers then reach the wrong callers. It cannot
 * be configured, and it decides by the error's routine: with none to read, it repeats nothing.
 * See docs/decisions/0012-answers.md.
 */
Object.defineProperty(postgres.PostgresError.prototype, 'routine', { get: () => undefined, set: () => {} })

export const connectDatabase = postgres
export const { PostgresError } = postgres
