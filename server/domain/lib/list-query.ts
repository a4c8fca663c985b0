import type { SQL } from 'drizzle-orm'
import { asc, desc, sql } from 'drizzle-orm'
import type { AnyPgColumn } from 'drizzle-orm/pg-core'
import { z } from 'zod'
import { soughtText } from '#shared/schemas/fields.ts'

/**
 * The query parameters of every list: `page`, `page_size`, `search`, `ordering`. A list adds its filters with
 * `.extend`.
 * @param orderings fields that the list can be ordered by, each also with a minus before it
 * @param searches the texts that a search looks into; the handler passes them to `query.search`. Declared, so that no
 * list forgets it
 * @param defaultOrdering the ordering by default; without it, the handler orders the list
 */
export function listQuery(
  orderings: readonly string[],
  searches: readonly [string, ...string[]],
  defaultOrdering?: string,
) {
  return z.object({
    page: z.string().optional(),
    page_size: z.string().optional(),
    search: soughtText(200).default('').meta({ searches }),
    ordering: z
      .string()
      .optional()
      .transform(value => {
        const fields = fieldsIn(value ?? '')
        return fields.length > 0 || !defaultOrdering ? fields : [defaultOrdering]
      })
      .refine(
        fields => fields.every(field => orderings.includes(field.replace(/^-/, ''))),
        `Choose from: ${orderings.join(', ')}.`,
      ),
  })
}

function fieldsIn(list: string): string[] {
  return list
    .split(',')
    .map(field => field.trim())
    .filter(Boolean)
}

/** The search and filters of a list's query, if any are given, for the audit log. */
export function givenFilters({
  page,
  page_size,
  ordering,
  ...filters
}: z.output<ReturnType<typeof listQuery>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(filters).filter(([, value]) => value !== undefined && value !== ''))
}

/**
 * @param fields as validated by `listQuery`
 * @param columns the column or columns of each name
 * @param tie a unique column, so that pages never overlap
 */
export function orderBy(
  fields: string[],
  columns: Record<string, AnyPgColumn | SQL | (AnyPgColumn | SQL)[]>,
  tie: AnyPgColumn,
): SQL[] {
  const terms = fields.flatMap(field => {
    const direction = field.startsWith('-') ? desc : asc
    return [columns[field.replace(/^-/, '')]!].flat().map(column => direction(column))
  })
  return [...terms, asc(tie)]
}

/** A text in the order of the alphabet, as people expect it: `Ångström` before `Berg`, whatever the case. */
export function alphabetical(text: AnyPgColumn | SQL): SQL {
  return sql`(${text}) collate "und-x-icu"`
}
