import type { SQL } from 'drizzle-orm'
import { and, ilike, or, sql } from 'drizzle-orm'
import type { AnyPgColumn } from 'drizzle-orm/pg-core'
import { cleanIdentifier } from '#shared/schemas/fields.ts'

/** A condition: each word of the search occurs in one of the columns. %, _ and \ have no special meaning. */
export function matchesSearch(search: string, columns: AnyPgColumn[]): SQL | undefined {
  return and(...patternsOf(search).map(pattern => or(...columns.map(column => ilike(column, pattern)))))
}

/** The same for columns and expressions that are already in lower case, in a fifth of the time. */
export function matchesFolded(search: string, columns: (AnyPgColumn | SQL)[]): SQL | undefined {
  return and(...patternsOf(search).map(pattern => or(...columns.map(column => sql`${column} like lower(${pattern})`))))
}

function patternsOf(search: string): string[] {
  return wordsOf(search).map(word => `%${word.replaceAll(/[\\%_]/g, '\\$&')}%`)
}

/** The same for rows in memory, by their texts. */
export function searchRows<Row>(
  search: string,
  rows: Row[],
  textsOf: (row: Row) => (string | null | undefined)[],
): Row[] {
  const words = wordsOf(search).map(word => word.toLowerCase())
  return rows.filter(row => {
    const texts = textsOf(row).map(text => text?.toLowerCase() ?? '')
    return words.every(word => texts.some(text => text.includes(word)))
  })
}

/**
 * The words of a search, at most eight. Punctuation around them is left out, as lists and mail programs write it:
 * `Abbott, Ben`, `"Ben" <ben@example.com>;`. Some scripts spell names with joiners, so these are kept.
 */
export function wordsOf(search: string): string[] {
  const words = splitWords(search.replace(/\bmailto:/gi, ' ').replaceAll(punctuation, ' '))
  return words.some(word => /[\p{L}\p{N}]/u.test(word)) ? words : splitWords(search)
}

const punctuation = /[,;<>"“”„«»()[\]]|(?<=^|\s)['’‘]+|['’‘.:]+(?=\s|$)/g

function splitWords(text: string): string[] {
  return text
    .trim()
    .split(/\s+/)
    .map(word => (withJoiners.test(word) ? word : cleanIdentifier(word)))
    .filter(Boolean)
    .slice(0, 8)
}

const withJoiners = /[^\p{ASCII}\p{Cf}].*[\u200C\u200D]|[\u200C\u200D].*[^\p{ASCII}\p{Cf}]/u
