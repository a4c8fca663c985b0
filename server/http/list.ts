import type { SQL } from 'drizzle-orm'
import { and, asc, desc, ilike, or, sql } from 'drizzle-orm'
import type { AnyPgColumn } from 'drizzle-orm/pg-core'
import type { H3Event } from 'h3'
import { getQuery } from 'h3'
import { z } from 'zod'
import { notFound } from '../../shared/errors.ts'
import { cleanIdentifier } from '../../shared/schemas/fields.ts'
import type { Page } from '../../shared/types/page.ts'

const defaultPageSize = 25
const maxPageSize = 100

/**
 * The query of every list: `page`, `page_size`, `search`, `ordering`; a list adds its filters with `.extend`.
 * @param orderings fields that the list may be ordered by, each also with a minus before it
 * @param searches what a search looks into, which the handler does by `query.search`; declared, so that no list forgets it
 */
export function listQuery(orderings: readonly string[], searches: readonly [string, ...string[]]) {
  return z.object({
    page: z.string().optional(),
    page_size: z.string().optional(),
    search: z.string().max(200, 'Ensure this field has no more than 200 characters.')
      .refine(value => !value.includes('\0') && value.isWellFormed(), 'Null characters are not allowed.')
      .default('')
      .meta({ searches }),
    ordering: z.string().optional()
      .transform(value => value?.split(',').map(field => field.trim()).filter(Boolean) ?? [])
      .refine(fields => fields.every(field => orderings.includes(field.replace(/^-/, ''))), `Choose from: ${orderings.join(', ')}.`),
  })
}

/** What of a list was asked for, to be recorded: its search and filters where any are given. */
export function givenFilters({ page, page_size, ordering, ...filters }: z.output<ReturnType<typeof listQuery>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(filters).filter(([, value]) => value !== undefined && value !== ''))
}

export interface Window { page: number, limit: number, offset: number }

/** @throws ApiError 404 `Invalid page.` for a page that is no number; one that is out of range is found by `toPage` */
export function windowOf(query: { page?: string, page_size?: string }): Window {
  const page = Number(query.page ?? '1')
  if (!/^\d{1,7}$/.test(query.page ?? '1') || page < 1) throw notFound('Invalid page.')
  const size = /^\d+$/.test(query.page_size ?? '') ? Number(query.page_size) : 0
  const limit = size > 0 ? Math.min(size, maxPageSize) : defaultPageSize
  return { page, limit, offset: (page - 1) * limit }
}

/**
 * @param event the request, whose other parameters the links keep
 * @throws ApiError 404 `Invalid page.` when the page is past the last
 */
export function toPage<Row>(event: H3Event, window: Window, count: number, results: Row[]): Page<Row> {
  if (window.page > 1 && window.offset >= count) throw notFound('Invalid page.')
  const linkTo = (page: number) => {
    const url = new URL(event.path, event.context.tenancy!.origin)
    for (const [key, value] of Object.entries(getQuery(event))) url.searchParams.set(key, String(Array.isArray(value) ? value[0] : value))
    if (page === 1) url.searchParams.delete('page')
    else url.searchParams.set('page', String(page))
    return url.href
  }
  return {
    count,
    next: window.offset + window.limit < count ? linkTo(window.page + 1) : null,
    previous: window.page > 1 ? linkTo(window.page - 1) : null,
    results,
  }
}

/** A page of rows that are all at hand. */
export function pageOf<Row>(event: H3Event, query: { page?: string, page_size?: string }, rows: Row[]): Page<Row> {
  const window = windowOf(query)
  return toPage(event, window, rows.length, rows.slice(window.offset, window.offset + window.limit))
}

/** Every word of the search somewhere in one of the columns; %, _ and \ stand for themselves. */
export function matchesSearch(search: string, columns: AnyPgColumn[]): SQL | undefined {
  return and(...patternsOf(search).map(pattern => or(...columns.map(column => ilike(column, pattern)))))
}

/** The same of columns and expressions that are in lower case already, for a fifth of the time. */
export function matchesFolded(search: string, columns: (AnyPgColumn | SQL)[]): SQL | undefined {
  return and(...patternsOf(search).map(pattern => or(...columns.map(column => sql`${column} like lower(${pattern})`))))
}

function patternsOf(search: string): string[] {
  return wordsOf(search).map(word => `%${word.replaceAll(/[\\%_]/g, '\\$&')}%`)
}

/** The same of rows that are all at hand, by their texts. */
export function searchRows<Row>(search: string, rows: Row[], textsOf: (row: Row) => (string | null | undefined)[]): Row[] {
  const words = wordsOf(search).map(word => word.toLowerCase())
  return rows.filter((row) => {
    const texts = textsOf(row).map(text => text?.toLowerCase() ?? '')
    return words.every(word => texts.some(text => text.includes(word)))
  })
}

/** What a search looks for: eight words at most. Some scripts spell names with joiners, which are kept there. */
export function wordsOf(search: string): string[] {
  return search.trim().split(/\s+/).map(word => withJoiners.test(word) ? word : cleanIdentifier(word)).filter(Boolean).slice(0, 8)
}

const withJoiners = /[^\p{ASCII}\p{Cf}].*[\u200C\u200D]|[\u200C\u200D].*[^\p{ASCII}\p{Cf}]/u

/**
 * @param fields as validated by `listQuery`
 * @param columns what each of its names stands for
 * @param tie a unique column, so that pages never overlap
 */
export function orderBy(fields: string[], columns: Record<string, AnyPgColumn | AnyPgColumn[]>, tie: AnyPgColumn): SQL[] {
  const terms = fields.flatMap((field) => {
    const direction = field.startsWith('-') ? desc : asc
    return [columns[field.replace(/^-/, '')]!].flat().map(column => direction(column))
  })
  return [...terms, asc(tie)]
}
