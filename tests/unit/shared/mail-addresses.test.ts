import { describe, expect, test } from 'vitest'
import { addressesIn } from '#shared/mail-addresses.ts'

describe('addresses in a text', () => {
  test.each([
    ['Pat Five <p5@example.org>; Pam Six <p6@example.org>', ['p5@example.org', 'p6@example.org']],
    ['"Five, Pat" <p5@example.org>, p6@example.org', ['p5@example.org', 'p6@example.org']],
    ['p5@example.org p6@example.org,p7@example.org;\n\np8@example.org', [5, 6, 7, 8].map(n => `p${n}@example.org`)],
    ['mailto:p5@example.org,p6%40example.org?subject=Hi', ['p5@example.org', 'p6@example.org']],
    ['<mailto:p5@example.org>', ['p5@example.org']],
    ['Team: p5@example.org, Pam <p6@example.org>;', ['p5@example.org', 'p6@example.org']],
    ["'p5@example.org' <p5@example.org>\r\nno address", ['p5@example.org', 'no', 'address']],
    ['   \n ', []],
  ])('%j', (text, addresses) => {
    expect(addressesIn(text)).toEqual(addresses)
  })
})
