import { expect, test } from 'vitest'
import { PostgresError } from '#server/database/driver.ts'
import { violatedReference, violatedUnique } from '#server/database/errors.ts'

test.each([
  ['users_email', 'users_email'],
  ['users_email_102012', 'users_email'],
  ['people_2024', 'people_2024'],
])('the name %s of a constraint, also of a table on another machine, is %s', (constraint_name, name) => {
  const refused = (code: string) => Object.assign(new PostgresError('refused'), { code, constraint_name })
  expect(violatedUnique(refused('23505'))).toBe(name)
  expect(violatedReference(refused('23503'))).toBe(name)
  expect(violatedUnique(refused('23503'))).toBeUndefined()
})
