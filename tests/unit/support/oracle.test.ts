import { describe, expect, test } from 'vitest'
import { forbid, inspect, watchSecrets } from '../../support/oracle.ts'

const port = 1
const host = 'acme.localhost:1'
const tenant = '01900000-0000-7000-8000-000000000001'
watchSecrets(port, { SECRET: 'a secret of the server', DATABASE_URL: 'postgres://tenantry:passphrase@127.0.0.1/x' })
forbid(host, ['globex-canary'])
forbid(tenant, ['globex-canary'])

const token = (token_type: string) =>
  `eyJhbGciOiJFZERTQSJ9.${Buffer.from(JSON.stringify({ token_type })).toString('base64url')}.c2ln`

interface Exchange {
  host?: string
  path?: string
  sent?: string
  status?: number
  text?: string
  cookies?: Record<string, string>
}

function look({ status = 200, text = '', cookies = {}, sent = '', path = '/api/v1/users/', ...asked }: Exchange): void {
  inspect({ port, host, method: 'GET', path, sent, ...asked }, { status, text, cookies })
}

describe('the oracle of every answer in the tests', () => {
  test.each([
    ['another organisation', { text: 'a globex-canary' }],
    [
      'another organisation, on the console',
      { host: 'console', path: `/api/v1/tenants/${tenant}/`, text: 'globex-canary' },
    ],
    ["the server's secret", { text: 'a secret of the server' }],
    ["the database's password", { text: 'passphrase' }],
    ['a hash of a password', { text: `$2b$12$${'a'.repeat(53)}` }],
    ['a private key', { text: `{"d":"${'a'.repeat(43)}"}` }],
    ['the password that was sent', { sent: '{"password":"violet harbour at dawn"}', text: 'violet harbour at dawn' }],
    ['an access token', { text: `{"access":"${token('access')}"}` }],
    ['a refresh token', { text: `{"refresh":"${token('refresh')}"}` }],
    ['a refresh token of a browser', { path: '/api/v1/auth/session/', text: token('refresh') }],
    ['a cookie', { cookies: { tenantry_refresh: token('refresh') } }],
    ['an undeclared field of an error', { status: 404, text: '{"detail":"Not found.","stack":"at …"}' }],
    ['an object instead of messages', { status: 400, text: '{"email":{"issue":"…"}}' }],
  ] satisfies [string, Exchange][])('finds %s', (_what, exchange) => {
    expect(() => look(exchange)).toThrow('contains')
  })

  test.each([
    ['what was sent', { sent: 'globex-canary', text: 'no globex-canary' }],
    ["the organisation's own", { host: 'globex.localhost:1', text: 'globex-canary' }],
    ['the tokens of the endpoints that issue them', { path: '/api/v1/auth/jwt/create/', text: token('refresh') }],
    ['the cookies of a browser', { path: '/api/v1/auth/session/', cookies: { tenantry_refresh: token('refresh') } }],
    ['an error', { status: 409, text: '{"detail":"In use.","code":"in_use"}' }],
    ['messages by field', { status: 400, text: '{"email":["Enter a valid email address."],"code":["No."]}' }],
  ] satisfies [string, Exchange][])('accepts %s', (_what, exchange) => {
    expect(() => look(exchange)).not.toThrow()
  })
})
