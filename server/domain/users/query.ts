import type { SQL } from 'drizzle-orm'
import { and, eq, isNull, not, or, sql } from 'drizzle-orm'
import { z } from 'zod'
import type { TenantRealm } from '#server/database/realms.ts'
import { hasFactor } from '#server/domain/factors/policy.ts'
import { listQuery } from '#server/domain/lib/list-query.ts'
import { wordsOf } from '#server/domain/lib/search.ts'
import { choice, uuidPattern } from '#shared/schemas/fields.ts'

/** The filters of the directory, for the page and the file. */
export const directoryQuery = listQuery(
  ['last_name', 'first_name', 'email', 'date_joined', 'department'],
  ['first_name', 'last_name', 'email', 'employee_id'],
  'last_name',
).extend({
  department: z
    .string()
    .refine(value => value === 'none' || uuidPattern.test(value), 'Enter a valid UUID.')
    .optional(),
  role: choice(['Admin', 'Staff']).optional(),
  is_active: choice(['true', 'false']).optional(),
  last_login: choice(['never']).optional(),
  second_factor: choice(['none']).optional(),
})

/**
 * @param asAdmin whether to include inactive users and search by employee_id
 * @param words those of the search, as placeholders in a prepared query
 */
export function directoryFilter(
  realm: TenantRealm,
  query: z.output<typeof directoryQuery>,
  asAdmin: boolean,
  words = searchWords(query.search),
): SQL | undefined {
  const { schema, tables } = realm
  const { users } = tables
  return and(
    asAdmin ? query.is_active && eq(users.is_active, query.is_active === 'true') : eq(users.is_active, true),
    query.department === 'none' ? isNull(users.department) : undefined,
    query.department && query.department !== 'none' ? eq(users.department, query.department) : undefined,
    query.role ? eq(users.role, query.role) : undefined,
    asAdmin && query.last_login ? isNull(users.last_login) : undefined,
    asAdmin && query.second_factor ? not(hasFactor(realm)) : undefined,
    matchesUsers(schema, words, [
      sql`${users.search}`,
      ...(asAdmin ? [callOf(schema, 'search_fold', users.employee_id)] : []),
    ]),
  )
}

export interface SearchWord {
  /** The word, or a placeholder for it. */
  value: unknown
  /** Whether it is a single character. */
  isLetter: boolean
}

export function searchWords(search: string): SearchWord[] {
  return wordsOf(search).map(value => ({ value, isLetter: [...value].length === 1 }))
}

/**
 * A condition: each word of a search occurs in one of the texts, which `search_fold` has folded. The indexes find the
 * n-grams of a word, which may be apart from each other, so the word itself is checked too. An index is of no use for a
 * single character, which occurs in too many texts.
 */
export function matchesUsers(schema: string, words: SearchWord[], texts: SQL[]): SQL | undefined {
  return and(
    ...words.flatMap(({ value, isLetter }) => {
      // As subselects, so that PostgreSQL evaluates them once and not for each row.
      const word = sql`(select ${callOf(schema, 'search_fold', value)})`
      const runs = sql`(select ${callOf(schema, 'search_grams', word, sql`least(3, greatest(2, length(${word})))`)})`
      return [
        or(...texts.map(text => sql`strpos(${text}, ${word}) > 0`)),
        isLetter
          ? undefined
          : or(...texts.map(text => sql`${callOf(schema, 'search_grams', text, sql`2`)} @> ${runs}`)),
      ]
    }),
  )
}

// Every schema has its own two functions; an index is only used with the function that it was created with.
function callOf(schema: string, name: 'search_fold' | 'search_grams', ...parameters: unknown[]): SQL {
  return sql`${sql.identifier(schema)}.${sql.identifier(name)}(${sql.join(
    parameters.map(parameter => sql`${parameter}`),
    sql`, `,
  )})`
}
