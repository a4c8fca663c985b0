import { describe, expect, test } from 'vitest'
import { hasToken, withoutToken } from '#server/http/token-paths.ts'

const token = 'Zm9yIG5vYm9keSdzIGV5ZXM'

describe("a path with a link's token", () => {
  test.each([
    ['/auth/password/reset/uid', '/auth/…'],
    ['/auth/activate/uid', '/auth/…'],
    ['/auth/email/uid', '/auth/…'],
    ['/invite', '/invite/…'],
    ['/support', '/support/…'],
    ['/signup/confirm', '/signup/confirm/…'],
  ])('is logged without it: %s', (page, logged) => {
    expect(hasToken(`${page}/${token}`)).toBe(true)
    expect(withoutToken(`${page}/${token}?x=${token}`)).toBe(logged)
  })
})

test('any other path is logged without what was asked', () => {
  expect(['/people?search=Ann', '/signup', '/api/v1/auth/users/'].map(withoutToken)).toEqual([
    '/people',
    '/signup',
    '/api/v1/auth/users/',
  ])
})
