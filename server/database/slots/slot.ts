import { drizzle } from 'drizzle-orm/postgres-js'
import type { PendingQuery, Row, Sql } from 'postgres'
import { PostgresError } from '#server/database/driver.ts'
import { isStatementRefused } from '#server/database/errors.ts'
import { tracePart } from '#server/tracing/spans.ts'
import type { MarkedStatement } from './proof.ts'
import { markStatement, newMark } from './proof.ts'
import { spanOfStatement } from './span.ts'

export type Work = 'statement' | 'transaction'

interface Holder {
  realm: string
  work: Work
  since: number
  prepares: boolean
  /** Milliseconds before that. */
  waited: number
}

/** A database connection that runs one statement at a time. */
export interface Slot {
  sql: Sql
  /** Who is using it, and whether their statements are prepared on it; undefined: it is free. */
  holder: Holder | undefined
  /** When it was opened, as of `performance.now()`. */
  opened: number
  retired: boolean
  /** Its statements by their text without the mark; PostgreSQL keeps them prepared. */
  statements: Map<string, MarkedStatement>
  /** In tests: throws for a statement that breaks a rule. */
  check: ((text: string) => void) | undefined
}

/** The client that sends a statement: a slot's, or that of the transaction that holds the slot. */
export interface Asked {
  unsafe(text: string, params: never[], options: { prepare: boolean }): PendingQuery<Row[]>
}

interface AskOptions {
  prepare: boolean
  asArrays: boolean
}

/** The answer belongs to another statement. */
export class AnswerMismatch extends Error {}

/** A prepared statement no longer fits the tables; it was rejected before it ran. */
export class StaleStatement extends Error {}

const asksLimit = 3

export function createSlot(sql: Sql, check?: Slot['check']): Slot {
  // drizzle parses dates and JSON itself, and configures the client's parsers accordingly.
  drizzle(sql)
  return { sql, holder: undefined, opened: performance.now(), retired: false, statements: new Map(), check }
}

/**
 * Sends one statement and verifies that the answer belongs to it. The caller makes sure that no other statement is
 * running.
 * @param options `asArrays`: rows as arrays of values, otherwise as objects by column name
 * @throws AnswerMismatch, StaleStatement, PostgresError, or the driver's error when the connection is lost
 */
export function ask(
  slot: Slot,
  client: Asked,
  text: string,
  params: unknown[],
  options: AskOptions,
): Promise<unknown[]> {
  return tracePart(
    () => spanOfStatement(slot.holder, text),
    () => askMarked(slot, client, text, params, options),
  )
}

async function askMarked(
  slot: Slot,
  client: Asked,
  text: string,
  params: unknown[],
  options: AskOptions,
): Promise<unknown[]> {
  slot.check?.(text)
  const known = slot.statements.get(text)
  const statement = known ?? markStatement(text, params.length)
  const prepare = options.prepare && (known !== undefined || slot.holder?.prepares !== false)
  if (prepare && !known) slot.statements.set(text, statement)
  try {
    if (statement.answers === 'none') return await client.unsafe(text, params as never[], { prepare })
    const rows = await askUntilProven(client, statement, params, prepare)
    if (statement.answers === 'marks') return []
    return options.asArrays
      ? rows
      : rows.map(row => Object.fromEntries(row.map((value, i) => [rows.columns[i + 1]!.name, value])))
  } catch (error) {
    if (known && options.prepare && error instanceof PostgresError && isStatementRefused(error))
      throw new StaleStatement(error.message, { cause: error })
    throw error
  }
}

type Rows = unknown[][] & { columns: { name: string }[] }

// An answer without rows has no mark. For a SELECT, a second statement confirms that there are none; meanwhile there
// may be one.
async function askUntilProven(
  client: Asked,
  { text, emptiness }: MarkedStatement,
  params: unknown[],
  prepare: boolean,
): Promise<Rows> {
  for (let i = 0; i < asksLimit; i++) {
    const rows = await askOnce(client, text, params, prepare)
    if (rows.length > 0 || emptiness === undefined) return rows
    const proof = await askOnce(client, emptiness, params, prepare)
    if (proof.length === 1) return rows
  }
  throw new AnswerMismatch(text)
}

/** @returns the rows without their marks, and the columns */
async function askOnce(client: Asked, text: string, params: unknown[], prepare: boolean): Promise<Rows> {
  const mark = newMark()
  const rows = (await client.unsafe(text, [...params, mark] as never[], { prepare }).values()) as unknown as Rows
  for (const row of rows) if (row.shift() !== mark) throw new AnswerMismatch(text)
  return rows
}
