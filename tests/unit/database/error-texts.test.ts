import { DrizzleQueryError } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { describeError, reasonOf } from '#server/database/errors.ts'

test('what the log says of a failed query has the text of PostgreSQL, and no parameter', () => {
  const cause = new Error('canceling statement due to statement timeout')
  const error = new DrizzleQueryError('select $1', ['a-parameter'], cause)
  expect(error.message).toContain('a-parameter')
  expect(reasonOf(error)).toBe(cause.message)
  expect(describeError(error)).toEqual({ message: cause.message, stack: cause.stack })
  expect(JSON.stringify(describeError(error))).not.toContain('a-parameter')
})

test('and of any other error its own, also where something else than an error was thrown', () => {
  const error = new Error('no such file', { cause: new Error('hidden') })
  expect(describeError(error)).toEqual({ message: 'no such file', stack: error.stack })
  expect(describeError('a text')).toEqual({ message: 'a text' })
})
