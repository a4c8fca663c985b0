import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseHost } from '#server/domain/tenants/hosts.ts'

describe('a Host header', () => {
  it.each([
    ['acme.localhost', 'acme.localhost'],
    ['ACME.Localhost:3000', 'acme.localhost'],
    ['acme.localhost:1', 'acme.localhost'],
    ['acme.localhost:65535', 'acme.localhost'],
    ['a', 'a'],
    ['127.0.0.1', '127.0.0.1'],
    ['127.0.0.1:80', '127.0.0.1'],
    ['[::1]', '[::1]'],
    ['[::1]:3000', '[::1]'],
    ['[2001:DB8::1]', '[2001:db8::1]'],
    ['[::ffff:127.0.0.1]', '[::ffff:127.0.0.1]'],
    ['xn--acm-epa.localhost', 'xn--acm-epa.localhost'],
    [`${'a'.repeat(63)}.test`, `${'a'.repeat(63)}.test`],
  ])('names one host: %s', (header, host) => {
    expect(parseHost(header)).toBe(host)
  })

  it.each([
    undefined,
    '',
    ' ',
    '.',
    'a.',
    '.a',
    'a..b',
    '-a',
    'a-',
    'a_b',
    'a b',
    ' a',
    'a ',
    'a\t',
    'a\0',
    'a\n',
    'a,b',
    'a;b',
    'a/b',
    'a\\b',
    'a?b',
    'a#b',
    'a@b',
    '@a',
    'a%2eb',
    'é',
    '\uFF41cme.localhost',
    '\u212A.localhost',
    '\u0131.localhost',
    'a:',
    'a:0',
    'a:65536',
    'a:99999',
    'a:999999',
    'a:x',
    'a:-1',
    'a:+1',
    'a:1.5',
    'a: 80',
    'a:80 ',
    'a:80:80',
    ':80',
    '[',
    ']',
    '[]',
    '[::1',
    '::1',
    '[::1]x',
    '[::1]]',
    '[::1]:',
    '[1]',
    '[::g]',
    '[::1%25lo]',
    '[fe80::1%lo]',
    '[127.0.0.1]',
    'http://a',
    `${'a'.repeat(64)}.b`,
    `${'a.'.repeat(127)}a.b`,
    'a'.repeat(10_000),
  ])('is refused, and is not repeated: %j', header => {
    expect(() => parseHost(header)).toThrow(
      expect.objectContaining({ status: 400, body: { detail: 'The Host header is not valid.' } }),
    )
  })

  it('gives a lower-case name that reads as itself, or nothing', () => {
    const piece = fc.constantFrom(
      'acme',
      'ACME',
      'localhost',
      '.',
      '-',
      ':',
      '3000',
      '@',
      '[',
      ']',
      '::1',
      '%',
      '/',
      '\\',
      ' ',
      '\0',
      '\u00DF',
      '\u212A',
      'xn--',
      '0',
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(piece).map(parts => parts.join('')),
          fc.domain(),
          fc.string({ unit: 'binary' }),
        ),
        header => {
          let host: string
          try {
            host = parseHost(header)
          } catch {
            return
          }
          expect(host).toMatch(/^(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])$/)
          expect(parseHost(host)).toBe(host)
          expect(parseHost(`${host}:3000`)).toBe(host)
        },
      ),
      { numRuns: 2_000 },
    )
  })

  it('of a real name is always taken', () => {
    fc.assert(
      fc.property(fc.domain(), fc.integer({ min: 1, max: 65_535 }), (domain, port) => {
        fc.pre(domain.length <= 253)
        expect(parseHost(`${domain.toUpperCase()}:${port}`)).toBe(domain.toLowerCase())
      }),
    )
  })
})
