import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { loadConfig } from '#server/config.ts'
import { ConfigError } from '#server/config/error.ts'
import { testConfig } from '../../support/config.ts'

const home = mkdtempSync(join(tmpdir(), 'tenantry-config-'))
afterAll(() => rmSync(home, { recursive: true }))

const good = 'k3v9Qm1xZr7Tb5Lw8Np2Yc6Hd4Jf0SgA'
const production = { NODE_ENV: 'production', SECRET: good, PEPPER: [...good].reverse().join('') }

/** @returns the one line with which the start is refused */
function refusal(env: Record<string, string | undefined>): string {
  try {
    loadConfig(env)
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError)
    return (error as Error).message
  }
  throw new Error('It was not refused.')
}

describe('in production', () => {
  it('both secrets are needed, and are the ones that are used', () => {
    expect(loadConfig(production)).toMatchObject({
      production: true,
      secret: { current: production.SECRET, fallback: undefined },
      pepper: { current: production.PEPPER, fallback: undefined },
    })
  })

  // TOK-16
  it.each(['SECRET', 'PEPPER'])(
    'a %s that is missing, short, an example or easily guessed refuses the start, and is not printed',
    name => {
      expect(refusal({ ...production, [name]: undefined })).toMatch(`${name}: is required in production`)
      expect(refusal({ ...production, [name]: '' })).toMatch(`${name}: is required in production`)
      for (const value of ['x', 'changeme', 'hunter2!', 'k3v9Qm1xZr7Tb5Lw8Np2Yc6Hd4Jf0Sg']) {
        expect(refusal({ ...production, [name]: value })).toBe(`${name}: must be at least 32 bytes`)
      }
      const weak = [
        'please-change-me-please-change-me-1',
        'CHANGEME-0123456789-0123456789-01',
        'change_me_0123456789_0123456789_0',
        'an-example-secret-of-enough-length-0',
        'replace-this-with-something-long-01',
        'my-secret-is-a-secret-is-a-secret-01',
        'a'.repeat(64),
        'abcabcabcabcabcabcabcabcabcabcabc',
        '0'.repeat(32),
        ' '.repeat(40),
      ]
      for (const value of weak) {
        const message = refusal({ ...production, [name]: value })
        expect(message).toMatch(
          new RegExp(`^${name}: is (?:an example|too easily guessed); make one with: openssl rand -base64 48$`),
        )
        expect(message).not.toContain(value)
      }
    },
  )

  it.each(['SECRET', 'PEPPER'] as const)('a fallback of %s is no less a secret, and another one', name => {
    const fallback = `${name}_FALLBACK`
    const another = good.replace(good[0]!, good[1]!)
    const { secret, pepper } = loadConfig({ ...production, [fallback]: another })
    expect((name === 'SECRET' ? secret : pepper).fallback).toBe(another)
    expect(refusal({ ...production, [fallback]: 'short' })).toBe(`${fallback}: must be at least 32 bytes`)
    expect(refusal({ ...production, [fallback]: production[name] })).toBe(`${fallback}: must differ from ${name}`)
    expect(loadConfig({ ...production, [fallback]: '' })).toMatchObject({ secret: { fallback: undefined } })
  })

  it('a secret is measured in bytes', () => {
    expect(loadConfig({ ...production, SECRET: 'ключéключ密码ключ🦆ab' }).secret.current).toContain('🦆')
  })
})

describe('outside of production', () => {
  it('secrets that are missing are made up once, kept for the owner alone, and are the same at the next start', () => {
    const env = { DATA_DIR: home }
    const first = loadConfig(env)
    expect(loadConfig(env)).toMatchObject({ secret: first.secret, pepper: first.pepper })
    expect(first.secret.current).not.toBe(first.pepper.current)
    for (const name of ['secret', 'pepper'] as const) {
      expect(readFileSync(join(home, name), 'utf8')).toBe(first[name].current)
      expect(first[name].current.length).toBeGreaterThanOrEqual(43)
      expect(statSync(join(home, name)).mode & 0o077).toBe(0)
    }
    expect(loadConfig({ ...env, NODE_ENV: 'production', DEMO: '1' })).toMatchObject({
      production: false,
      secret: first.secret,
    })
  })

  it('a secret that is given is no less a secret', () => {
    expect(refusal({ SECRET: 'short', PEPPER: good })).toBe('SECRET: must be at least 32 bytes')
    expect(refusal({ SECRET: 'a'.repeat(40), PEPPER: good })).toMatch('SECRET: is too easily guessed')
  })
})

describe('a setting', () => {
  it.each([
    ['PORT', '0'],
    ['PORT', '65536'],
    ['PORT', 'x'],
    ['PORT', '1.5'],
    ['PORT', '-1'],
    ['PUBLIC_PORT', 'x'],
    ['NODE_ENV', 'prod'],
    ['DEMO', 'yes'],
    ['SITE_PROTOCOL', 'ftp'],
    ['SITE_PROTOCOL', 'HTTPS'],
    ['BASE_DOMAIN', 'a_b'],
    ['BASE_DOMAIN', '.localhost'],
    ['BASE_DOMAIN', 'localhost.'],
    ['BASE_DOMAIN', 'http://localhost'],
    ['BASE_DOMAIN', 'localhost:3000'],
    ['BASE_DOMAIN', 'a b'],
    ['DATABASE_URL', 'mysql://x'],
    ['DATABASE_URL', 'x'],
    ['DB_SLOTS', '0'],
    ['DB_SLOTS', '201'],
    ['BCRYPT_COST', '9'],
    ['BCRYPT_COST', '17'],
    ['LIMIT_IPV6_PREFIX', '31'],
    ['LIMIT_IPV6_PREFIX', '129'],
    ['ACCESS_TTL', '0'],
    ['ACCESS_TTL', '-1'],
    ['ACCESS_TTL', 'x'],
    ['REFRESH_TTL', '0'],
    ['SESSION_TTL', '0'],
    ['REFRESH_GRACE', '-1'],
    ['LOG_LEVEL', 'loud'],
    ['SIGNUP', 'yes'],
    ['SIGNUP', 'OPEN'],
    ['POOL_SIZE', '-1'],
    ['POOL_SIZE', '101'],
    ['POOL_SIZE', '1.5'],
    ['TRUSTED_PROXIES', 'x'],
    ['TRUSTED_PROXIES', '10.0.0.0/33'],
    ['TRUSTED_PROXIES', '10.0.0.0/-1'],
    ['TRUSTED_PROXIES', '10.0.0.0/'],
    ['TRUSTED_PROXIES', '10.0.0.0/8/8'],
    ['TRUSTED_PROXIES', '::/129'],
    ['TRUSTED_PROXIES', '127.0.0.1, *'],
    ['TRUSTED_PROXIES', 'loopback'],
  ])('that is not understood refuses the start in one line that names it: %s=%s', (name, value) => {
    const message = refusal({ ...production, [name]: value })
    expect(message).toMatch(new RegExp(`^${name}: .+$`))
  })

  it('of a password in a URL is not printed when it is wrong', () => {
    expect(refusal({ ...production, DATABASE_URL: 'postgre://ann:hunter2@db/x' })).toBe(
      'DATABASE_URL: must start with postgres://',
    )
  })

  it('that is empty is one that is not set', () => {
    expect(testConfig({ PORT: '', DATABASE_URL: '', TRUSTED_PROXIES: '', PUBLIC_PORT: '' })).toMatchObject({
      port: 3000,
      databaseUrl: undefined,
    })
  })

  it('at its lowest is taken', () => {
    expect(
      testConfig({ BCRYPT_COST: '10', DB_SLOTS: '1', ACCESS_TTL: '1', REFRESH_TTL: '1', REFRESH_GRACE: '0' }),
    ).toMatchObject({ bcryptCost: 10, dbSlots: 1, ttl: { access: 1, refresh: 1, refreshGrace: 0 } })
  })
})

describe('signing organisations up', () => {
  it('is for nobody unless someone says so, but for the demo', () => {
    expect(loadConfig(production).signup).toBe('closed')
    expect(loadConfig({ ...production, SIGNUP: 'approval' }).signup).toBe('approval')
    expect(testConfig({ NODE_ENV: 'production', DEMO: '1' }).signup).toBe('open')
    expect(testConfig({ DEMO: '1', SIGNUP: 'closed' }).signup).toBe('closed')
  })
})

describe('an origin', () => {
  it.each([
    [{}, 'http://acme.localhost:3000'],
    [{ PORT: '80' }, 'http://acme.localhost'],
    [{ PORT: '8080', PUBLIC_PORT: '80' }, 'http://acme.localhost'],
    [{ PORT: '8080', PUBLIC_PORT: '3000' }, 'http://acme.localhost:3000'],
    [{ SITE_PROTOCOL: 'https', PORT: '8080' }, 'https://acme.localhost'],
    [{ SITE_PROTOCOL: 'https', PUBLIC_PORT: '443' }, 'https://acme.localhost'],
    [{ SITE_PROTOCOL: 'https', PUBLIC_PORT: '8443' }, 'https://acme.localhost:8443'],
  ])('is what people type: %j', (env, origin) => {
    expect(testConfig(env).originOf('acme.localhost')).toBe(origin)
  })
})
