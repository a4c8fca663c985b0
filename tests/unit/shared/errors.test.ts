import { createError } from 'h3'
import { expect, test } from 'vitest'
import { ApiError, unavailable } from '#shared/errors.ts'

test.each([
  ['without a cause', unavailable()],
  ['with a cause', unavailable(new Error('The database is away.'))],
  ['with a cause that is an answer too', unavailable(new ApiError(404, { detail: 'Not found.' }))],
])('an error that is thrown on purpose is still the answer when h3 passes it on: %s', (_what, error) => {
  expect(createError(error)).toBe(error)
})
