import { outlineOf } from '#server/database/slots/outline.ts'

/** PostgreSQL's table locks that a migration may take, weakest first. */
export type LockLevel =
  'ACCESS SHARE' | 'ROW EXCLUSIVE' | 'SHARE UPDATE EXCLUSIVE' | 'SHARE' | 'SHARE ROW EXCLUSIVE' | 'ACCESS EXCLUSIVE'

const name = String.raw`(?:only\s+)?(?:if\s+(?:not\s+)?exists\s+)?("[^"]+"|\w+)`

/**
 * What a statement locks, by its beginning; see "Explicit Locking" and "ALTER TABLE" in PostgreSQL's manual. The first
 * line that fits decides. null: it makes something new, and locks nothing that is in use.
 */
const kinds: [beginning: RegExp, lock: LockLevel | null][] = [
  [/^create\s+(?:table|type|domain|schema|sequence|extension|(?:or\s+replace\s+)?(?:function|procedure|view))\b/, null],
  [/^create\s+(?:unique\s+)?index\s+concurrently\b/, 'SHARE UPDATE EXCLUSIVE'],
  [/^create\s+(?:unique\s+)?index\b/, 'SHARE'],
  [/^drop\s+index\s+concurrently\b/, 'SHARE UPDATE EXCLUSIVE'],
  [/^create\s+(?:or\s+replace\s+)?trigger\b/, 'SHARE ROW EXCLUSIVE'],
  [/^alter\s+index\b[^,]*\b(?:set\s+statistics|rename\s+to)\b/, 'SHARE UPDATE EXCLUSIVE'],
  [/^alter\s+table\b[^,]*\bvalidate\s+constraint\b[^,]*$/, 'SHARE UPDATE EXCLUSIVE'],
  [/^alter\s+table\b[^,]*\bset\s+statistics\b[^,]*$/, 'SHARE UPDATE EXCLUSIVE'],
  [/^alter\s+table\b[^,]*\badd\s+(?:constraint\b[^,]*\s)?foreign\s+key\b[^,]*$/, 'SHARE ROW EXCLUSIVE'],
  [/^(?:analyze|comment\s+on)\b/, 'SHARE UPDATE EXCLUSIVE'],
  [/^(?:insert|update|delete|merge)\b/, 'ROW EXCLUSIVE'],
  [/^select\b/, 'ACCESS SHARE'],
]

/** The relations that a statement is about, as far as its text names them. */
const named = [
  `^alter\\s+(?:table|index)\\s+${name}`,
  `^drop\\s+(?:table|index)\\s+(?:concurrently\\s+)?${name}`,
  `^create\\s+(?:unique\\s+)?index\\b[^(]*?\\son\\s+${name}`,
  `^create\\s+(?:or\\s+replace\\s+)?trigger\\b[^(]*?\\son\\s+${name}`,
  `^(?:insert\\s+into|delete\\s+from|merge\\s+into)\\s+${name}`,
  `^update\\s+${name}`,
  `^truncate\\s+(?:table\\s+)?${name}`,
  `\\breferences\\s+${name}`,
].map(source => new RegExp(source, 'gi'))

/** A statement of a migration, as a plan shows it. */
export interface DescribedStatement {
  text: string
  /** The strongest lock on a table that is in use; null: none. */
  lock: LockLevel | null
  /** The tables and indexes that it names. */
  relations: string[]
}

/** @returns what a statement locks. An unknown one is taken to lock its tables completely */
export function describeStatement(statement: string): DescribedStatement {
  const text = withoutComments(statement)
  const outline = keywordsOf(text)
  const found = kinds.find(([beginning]) => beginning.test(outline))
  const relations = [
    ...new Set(named.flatMap(pattern => [...text.matchAll(pattern)].map(match => unquoted(match[1]!)))),
  ]
  // A new table with a foreign key locks the table that it refers to.
  const refers = found?.[1] === null && /\breferences\b/i.test(text)
  if (refers) return { text, lock: 'SHARE ROW EXCLUSIVE', relations }
  return { text, lock: found ? found[1] : 'ACCESS EXCLUSIVE', relations }
}

/** Whether a statement creates or drops an index while rows are written, which needs to be outside of a transaction. */
export function isConcurrentIndex(statement: string): boolean {
  return /^(?:create\s+(?:unique\s+)?|drop\s+)index\s+concurrently\b/.test(keywordsOf(withoutComments(statement)))
}

/** @returns the name of the index that a concurrent statement creates or drops */
export function indexNameOf(statement: string): string {
  const found = new RegExp(`\\bconcurrently\\s+${name}`, 'i').exec(withoutComments(statement))
  return unquoted(found![1]!)
}

/** The same statement for a schema that nobody uses yet. */
export function withoutConcurrently(statement: string): string {
  return isConcurrentIndex(statement) ? statement.replace(/\sconcurrently\b/i, '') : statement
}

/** A statement's top level in lower case: nothing quoted, and nothing in parentheses. */
export function keywordsOf(statement: string): string {
  return outlineOf(statement).toLowerCase().trim()
}

/** Without the comments before and after it. */
export function withoutComments(statement: string): string {
  return statement.replace(/^(?:\s|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)+/, '').replace(/[\s;]+$/, '')
}

export function unquoted(identifier: string): string {
  return identifier.startsWith('"') ? identifier.slice(1, -1) : identifier.toLowerCase()
}
