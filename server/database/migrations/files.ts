import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Migration {
  /** Set and file, such as `realm/0000_initial`. */
  name: string
  /** In order; each is sent on its own. */
  statements: string[]
  /** SHA-256 of the file, hexadecimal. */
  checksum: string
}

export type SchemaKind = 'tenant' | 'platform'

/**
 * All migrations of a kind of schema, oldest first: the realm's and the kind's own, merged by their time of creation.
 * @param root the folder that contains `drizzle/`
 */
export function loadMigrations(root: string, kind: SchemaKind): Migration[] {
  return (['realm', kind] as const)
    .flatMap(set => readJournal(root, set).map(entry => ({ set, ...entry })))
    .sort((a, b) => a.when - b.when)
    .map(({ set, tag }) => readMigration(root, set, tag))
}

/**
 * Migrations without effect on a schema that has not had them: they create a trigger, which Citus refuses, and which a
 * later migration drops. Schemas record them nevertheless.
 */
const withdrawn = new Set(['realm/0003_audit_append_only'])

/** @returns the name of the newest migration, which is the schema's "version" everywhere */
export function targetVersion(migrations: Migration[]): string {
  return migrations.at(-1)!.name
}

function readJournal(root: string, set: string): { tag: string; when: number }[] {
  const journal = JSON.parse(readFileSync(join(root, 'drizzle', set, 'migrations/meta/_journal.json'), 'utf8')) as {
    entries: { tag: string; when: number }[]
  }
  return journal.entries
}

function readMigration(root: string, set: string, tag: string): Migration {
  const name = `${set}/${tag}`
  const file = readFileSync(join(root, 'drizzle', set, 'migrations', `${tag}.sql`), 'utf8')
  return {
    name,
    // drizzle-kit writes the schema "public" into references; our tables are in the schema that search_path names.
    statements: withdrawn.has(name) ? [] : file.replaceAll('"public".', '').split('--> statement-breakpoint'),
    checksum: createHash('sha256').update(file).digest('hex'),
  }
}
