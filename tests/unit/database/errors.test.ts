import { expect, test } from 'vitest'
import { PostgresError } from '#server/database/driver.ts'
import { violatedReference, violatedUnique } from '#server/database/errors.ts'

test.each([
  [{ constraint_name: 'users_email', message: 'refused' }],
  [{ message: 'duplicate key value violates unique constraint "users_email_102012"' }],
  [
    {
      message:
        'update on table "a_102013" violates foreign key constraint "users_email_102012" on table "users_102012"',
    },
  ],
])('a violated constraint is named, also when another machine of a cluster reports it: %j', fields => {
  const refused = (code: string) => Object.assign(new PostgresError('refused'), { code, ...fields })
  expect(violatedUnique(refused('23505'))).toBe('users_email')
  expect(violatedReference(refused('23503'))).toBe('users_email')
  expect(violatedUnique(refused('23503'))).toBeUndefined()
})

test('an error that names no constraint has none', () => {
  expect(violatedUnique(Object.assign(new PostgresError('refused'), { code: '23505' }))).toBeUndefined()
})
