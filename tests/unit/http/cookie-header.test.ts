import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cookieNames, findCookieFault } from '#server/http/cookies.ts'
import { testConfig } from '../../support/config.ts'

const http = testConfig()
const https = testConfig({ SITE_PROTOCOL: 'https' })

describe('a Cookie header', () => {
  it.each([
    undefined,
    '',
    'a=b',
    'tenantry_access=x',
    'tenantry_access=x; tenantry_refresh=y',
    'a=1; a=2',
    'tenantry_access',
    '=',
    '=x',
    ';;;',
    'a',
    'tenantry_access_=1; tenantry_access=2',
    'a=tenantry_access=1; tenantry_access=2',
    'a=\u00E9',
    'a="b c"',
    'Tenantry_access=1; tenantry_access=2',
    '\u0085a=x',
    'a\u0001=x',
    'a\u007F=x',
    '\u00E9=x',
    'a b=x',
    'a\tb=x',
    '\uFEFFa=x',
    'caf\u00C3\u00A9 cr\u00C3\u00A8me=\u00E9 \u0001"; tenantry_access=1',
  ])('is in order: %j', header => {
    expect(findCookieFault(header, http)).toBeUndefined()
  })

  it.each([
    'tenantry_access=x; tenantry_access=y',
    'tenantry_access=x;tenantry_access=x',
    'tenantry_access; tenantry_access=x',
    'tenantry_refresh=; a=b; tenantry_refresh=',
    ' tenantry_access =x; tenantry_access=y',
    '\ttenantry_access=x; tenantry_access=y',
  ])('has one of ours twice: %j', header => {
    expect(findCookieFault(header, http)).toBe('The Cookie header has a cookie twice.')
  })

  it.each([
    '\u00A0tenantry_access=x',
    'tenantry_access\u00A0=x',
    '\u0085tenantry_access=x',
    'tenantry_access\u0001=x',
    'tenantry_refresh\u007F=x',
    'tenantry_ access=x',
    'tenantry_\taccess=x',
    '\uFEFFtenantry_access=x',
    '\u2028tenantry_refresh=x',
    '\u000Btenantry_access=x',
    'tenantry_access\u000C=x',
  ])('has a name that some parsers take for one of ours: %j', header => {
    expect(findCookieFault(header, http)).toBe('The Cookie header is not valid.')
    expect(findCookieFault(`a=b; ${header}; c=d`, http)).toBe('The Cookie header is not valid.')
  })

  it('is held to the names of its protocol', () => {
    expect(cookieNames(https)).toEqual({
      access: '__Host-tenantry_access',
      refresh: '__Host-tenantry_refresh',
      device: '__Host-tenantry_device',
    })
    expect(findCookieFault('__Host-tenantry_access=x; __Host-tenantry_access=y', https)).toBeDefined()
    expect(findCookieFault('tenantry_access=x; tenantry_access=y', https)).toBeUndefined()
    expect(findCookieFault('tenantry_access=planted; __Host-tenantry_access=y', https)).toBeUndefined()
  })

  it('with two of ours anywhere is found, whatever is between them', () => {
    const other = fc.stringMatching(/^[a-z]{1,5}=[!-:<-~]{0,9}$/)
    const gap = fc.constantFrom('', ' ', '\t', '  ')
    fc.assert(
      fc.property(fc.array(other), fc.array(other), gap, gap, (before, between, one, two) => {
        const header = [...before, `${one}tenantry_access${two}=1`, ...between, 'tenantry_access=2'].join(';')
        expect(findCookieFault(header, http)).toBe('The Cookie header has a cookie twice.')
      }),
    )
  })
})
