import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { MigrationError } from './error.ts'
import { breakingChanges } from './safety.ts'
import { isConcurrentIndex } from './statements.ts'

export interface Migration {
  /** Set and file, such as `realm/0000_initial`. */
  name: string
  /** In order; each is sent on its own. */
  statements: string[]
  /** SHA-256 of the file, hexadecimal. */
  checksum: string
  /** The migration that a program must know for a schema that has had this one; itself, if it breaks others. */
  needs?: string
}

export type SchemaKind = 'tenant' | 'platform'

/**
 * All migrations of a kind of schema, oldest first: the realm's and the kind's own, merged by their time of creation.
 * @param root the folder that contains `drizzle/`
 * @throws MigrationError when a file breaks a rule of docs/migrations.md
 */
export function loadMigrations(root: string, kind: SchemaKind): Migration[] {
  const migrations = (['realm', kind] as const)
    .flatMap(set => readJournal(root, set).map(entry => ({ set, ...entry })))
    .sort((a, b) => a.when - b.when)
    .map(({ set, tag }) => readMigration(root, set, tag))
  const names = migrations.map(({ name }) => name)
  for (const [i, { name, needs }] of migrations.entries())
    if (needs !== undefined && !names.slice(0, i + 1).includes(needs))
      throw new MigrationError(`${name} is safe since ${needs}, which is no migration before it.`)
  return migrations
}

/**
 * Migrations without effect on a schema that has not had them: they create a trigger, which Citus refuses, and which a
 * later migration drops. Schemas record them nevertheless.
 */
const withdrawn = new Set(['realm/0003_audit_append_only'])

/** Migrations from before the rule that a breaking change says so. */
const exempt = new Set([
  'realm/0004_languages_and_support',
  'realm/0005_directory_search_index',
  'realm/0006_names_in_order',
  'realm/0007_support_operator_and_privileges',
  'tenant/0001_links',
  'tenant/0003_language_and_support',
  'tenant/0004_language_undecided',
  'platform/0002_tenant_life',
  'platform/0004_tenant_statuses',
])

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
  return parseMigration(name, readFileSync(join(root, 'drizzle', set, 'migrations', `${tag}.sql`), 'utf8'))
}

/**
 * Reads a migration's file and checks the rules for it.
 * @throws MigrationError when it breaks the version before without saying so, or mixes indexes that are created
 * concurrently with other statements
 */
export function parseMigration(name: string, file: string): Migration {
  // drizzle-kit writes the schema "public" into references; our tables are in the schema that search_path names.
  const all = file.replaceAll('"public".', '').split('--> statement-breakpoint')
  const statements = withdrawn.has(name) ? [] : all
  const needs = readNeeds(name, file)
  const breaking = needs === undefined && !exempt.has(name) ? breakingChanges(all) : []
  if (breaking.length > 0)
    throw new MigrationError(
      `${name} breaks programs of the version before: ${breaking.join('; ')}. Say so in the file, or why not: docs/migrations.md.`,
    )
  if (new Set(all.map(isConcurrentIndex)).size > 1)
    throw new MigrationError(`${name} has an index that is made CONCURRENTLY and other statements: use two files.`)
  const migration = { name, statements, checksum: createHash('sha256').update(file).digest('hex') }
  return needs === undefined ? migration : { ...migration, needs }
}

/** Whether a migration only creates or drops indexes while rows are written, which no transaction can do. */
export function isConcurrent({ statements }: Migration): boolean {
  return statements.some(isConcurrentIndex)
}

const breaks = /^breaks the previous version: \S/
const safeSince = /^safe since ((?:realm|tenant|platform)\/\w+): \S/

/** What the comment `-- tenantry: …` says of the programs that work with it. */
function readNeeds(name: string, file: string): string | undefined {
  const comments = [...file.matchAll(/^--\s*tenantry:\s*(.*)$/gm)].map(([, text]) => text!.trim())
  if (comments.length === 0) return undefined
  const [text] = comments as [string]
  if (comments.length === 1 && breaks.test(text)) return name
  const since = safeSince.exec(text)?.[1]
  if (comments.length === 1 && since !== undefined) return since
  throw new MigrationError(`${name}: "-- tenantry: ${text}" is not understood. docs/migrations.md has what it may say.`)
}
