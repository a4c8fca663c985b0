import { describe, expect, it } from 'vitest'
import { initialsOf, nameOf } from '#shared/people/person-name.ts'
import { describeUserAgent } from '#shared/user-agent.ts'

const person = (first_name: string, last_name: string) => ({ first_name, last_name, email: 'zoe@acme.test' })

describe('a person', () => {
  it('is called by the full name, or by the address where there is none', () => {
    expect(nameOf(person('Ann', 'Archer'))).toBe('Ann Archer')
    expect(nameOf(person('', 'Archer'))).toBe('Archer')
    expect(nameOf(person('', ''))).toBe('zoe@acme.test')
  })

  it('has initials, also from letters beyond the basic plane', () => {
    expect(initialsOf(person('ann', 'Archer'))).toBe('AA')
    expect(initialsOf(person('', ''))).toBe('Z')
    expect(initialsOf(person('𝒜da', 'Öz'))).toBe('𝒜Ö')
  })
})

describe('a device', () => {
  it.each([
    [
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0',
      'Edge on Windows',
    ],
    ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 'Firefox on Linux'],
    [
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1',
      'Safari on iPhone',
    ],
    [
      'Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36',
      'Chrome on Android',
    ],
    ['curl/8.5.0', 'curl'],
    ['', 'Unknown device'],
    [null, 'Unknown device'],
  ])('is described by what its browser says: %s', (header, text) => {
    expect(describeUserAgent(header)).toBe(text)
  })
})
