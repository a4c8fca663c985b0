import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { safeRedirect } from '#shared/redirect.ts'

describe('where one goes after signing in', () => {
  it.each([
    '/',
    '/people',
    '/people/0198-ab',
    '/people?search=ann&page=2',
    '/people?search=100%25',
    '/profile#sessions',
    '/people?search=J%C3%BCrgen%20M',
    '/people?next=a//b',
  ])('is the path that was asked for: %s', path => {
    expect(safeRedirect(path)).toBe(path)
  })

  it.each([
    '//evil.test',
    '///evil.test',
    '/\\evil.test',
    '\\\\evil.test',
    '\\/evil.test',
    '/\t/evil.test',
    '/\n/evil.test',
    '/%09/evil.test',
    '/%5cevil.test',
    '/%5Cevil.test',
    '/%255cevil.test',
    '/%2fevil.test',
    '/%2Fevil.test',
    '/%252fevil.test',
    '/x//evil.test',
    '/x/..//evil.test',
    '/.//evil.test',
    '/%2e%2e//evil.test',
    'https://evil.test',
    'http:evil.test',
    'javascript:alert(1)',
    'data:text/html,x',
    'evil.test',
    '?x',
    '#x',
    '',
    '/x%0d%0aset-cookie:a=b',
    '/x\r\nset-cookie: a=b',
    '/x\0',
    '/x%00',
    '/\u2028/evil.test',
    '/%',
    '/%zz',
    '/%c0%af',
    `/${'x'.repeat(3000)}`,
    ' /people',
  ])('is never elsewhere: %j', input => {
    expect(safeRedirect(input)).toBe('/')
  })

  it.each([undefined, null, 1, {}, [], ['/people'], ['//evil.test', '/people']])(
    'is home when no path was given: %j',
    input => {
      expect(safeRedirect(input)).toBe('/')
    },
  )

  it.each(['/login', '/login/', '/login?redirect=/people', '/./login'])('is not the sign-in page again: %s', path => {
    expect(safeRedirect(path)).toBe('/')
  })

  it('stays on the origin whatever is given', () => {
    const piece = fc.constantFrom(
      '/',
      '\\',
      '//',
      '%2f',
      '%5c',
      '%09',
      '%0a',
      '@',
      ':',
      '.',
      '..',
      '?',
      '#',
      'evil.test',
      'javascript:',
      '\t',
      '\u0000',
      'a',
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(piece).map(parts => parts.join('')),
          fc.webUrl(),
          fc.string({ unit: 'binary' }),
        ),
        input => {
          const target = safeRedirect(input)
          expect(new URL(target, 'https://acme.test').origin).toBe('https://acme.test')
          expect(target).toMatch(/^\/(?![/\\])/)
        },
      ),
    )
  })
})
