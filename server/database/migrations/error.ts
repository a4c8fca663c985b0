import { reasonOf } from '#server/database/errors.ts'

/** A file of migrations breaks a rule, or a schema's recorded migrations do not match those of this program. */
export class MigrationError extends Error {}

/** A statement of a migration has failed. */
export class StatementFailed extends Error {
  readonly migration: string

  constructor(migration: string, cause: unknown) {
    super(`${migration} has failed.`, { cause })
    this.migration = migration
  }
}

/** @returns the text of an error, with the migration of which a statement has failed */
export function failureOf(error: unknown): string {
  const reason = reasonOf(error)
  for (let source = error; source instanceof Error; source = source.cause)
    if (source instanceof StatementFailed) return `${source.migration}: ${reason}`
  return reason
}
