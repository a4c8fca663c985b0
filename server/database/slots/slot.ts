import { drizzle } from 'drizzle-orm/postgres-js'
import type { PendingQuery, Row, Sql } from 'postgres'
import { PostgresError } from '#server/database/driver.ts'
import { isStatementRefused } from '#server/database/errors.ts'
import type { MarkedStatement } from './proof.ts'
import { markStatement, newMark } from './proof.ts'

export type Work = 'statement' | 'transaction'

/** One connection to the database, on which one statement at a time is under way. */
export interface Slot {
  sql: Sql
  /** Who has it; undefined: it is free. */
  holder: { realm: string; work: Work; since: number } | undefined
  /** Since when, as `performance.now()` counts. */
  opened: number
  retired: boolean
  /** What it has been asked, by the text without the mark; PostgreSQL keeps it prepared. */
  statements: Map<string, MarkedStatement>
}

/** What a statement is sent through: a slot's client, or that of the transaction that has the slot. */
export interface Asked {
  unsafe(text: string, params: never[], options: { prepare: boolean }): PendingQuery<Row[]>
}

/** An answer came back that belongs to another statement. */
export class AnswerMismatch extends Error {}

/** A prepared statement does not fit the tables any more; it was refused before it began. */
export class StaleStatement extends Error {}

const asksLimit = 3

export function createSlot(sql: Sql): Slot {
  // drizzle reads dates and JSON by itself and sets the client's parsers so.
  drizzle(sql)
  return { sql, holder: undefined, opened: performance.now(), retired: false, statements: new Map() }
}

/**
 * Sends one statement and proves that the answer is its own. The caller sees to it that no other one is under way.
 * @param options `asArrays`: rows as arrays of values, otherwise as objects by the columns' names
 * @throws AnswerMismatch, StaleStatement, PostgresError, or what the driver throws where the connection is gone
 */
export async function ask(
  slot: Slot,
  client: Asked,
  text: string,
  params: unknown[],
  options: { prepare: boolean; asArrays: boolean },
): Promise<unknown[]> {
  const known = slot.statements.get(text)
  const statement = known ?? markStatement(text, params.length)
  if (options.prepare && !known) slot.statements.set(text, statement)
  try {
    if (statement.answers === 'none') return await client.unsafe(text, params as never[], options)
    const rows = await askUntilProven(client, statement, params, options.prepare)
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

// No row, no mark: of what reads it is asked whether there really is none. Meanwhile there may be one.
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

/** @returns the rows without their marks, and the columns with it */
async function askOnce(client: Asked, text: string, params: unknown[], prepare: boolean): Promise<Rows> {
  const mark = newMark()
  const rows = (await client.unsafe(text, [...params, mark] as never[], { prepare }).values()) as unknown as Rows
  for (const row of rows) if (row.shift() !== mark) throw new AnswerMismatch(text)
  return rows
}
