import { describe, expect, test } from 'vitest'
import { inspectLog, watchRequest } from '../../support/log-oracle.ts'
import { watchSecrets } from '../../support/oracle.ts'

const port = 2
watchSecrets(port, { SECRET: 'a secret of this server', DATABASE_URL: 'postgres://tenantry:passphrase@127.0.0.1/x' })
watchRequest(port, '{"new_password":"violet harbour at dawn"}')
watchRequest(port, '{"Idempotency-Key":"only once, please"}')

const time = '2026-11-30T00:00:00.000Z'
const line = (fields: object) => ({ level: 'info', time, event: 'sign_in_failed', ...fields })
const jwt = `eyJhbGciOiJFZERTQSJ9.${Buffer.from('{"token_type":"access"}').toString('base64url')}.c2ln`

describe('the oracle of every log in the tests', () => {
  test.each([
    ['an access token', { reason: `x ${jwt}` }],
    ['the signature of a token alone', { reason: `${'aB3_'.repeat(21)}aB` }],
    ['the token of a link', { path: `/invite/${'aB3-'.repeat(10)}aB3` }],
    ['a hash of a password', { reason: `$2b$12$${'a'.repeat(53)}` }],
    ['the hash of a token', { reason: 'ab12'.repeat(16) }],
    ['a private key', { reason: `{"d":"${'a'.repeat(43)}"}` }],
    ['the parameters of a query', { err: { message: 'Failed query: select $1\nparams: x' } }],
    ['a password of the database', { reason: 'postgres://someone:else@db/x' }],
    ["the server's secret", { reason: 'a secret of this server' }],
    ['a password that was sent', { details: ['violet harbour at dawn'] }],
    ['a key that was sent', { key: 'only once, please' }],
    ['an e-mail address', { user: 'ann@example.com' }],
    ['an event that is not documented', { event: 'something_happened' }],
    ['a line without an event', { event: undefined }],
    ['a line without a time', { time: undefined }],
    ['a line that is not JSON', { level: 'text', text: 'Listening' }],
  ])('finds %s', (_what, fields) => {
    expect(() => inspectLog(port, [line({}), line(fields), line({})])).toThrow('The log contains')
  })

  test.each([
    ['ids, addresses of networks and paths', { user: '01900000-0000-7000-8000-000000000001', ip: '2001:db8::1' }],
    ['a stack', { err: { stack: 'Error: x\n    at run (file:///srv/tenantry/server/chunks/nitro/nitro.mjs:1:2)' } }],
    ['the trace of a request', { trace_id: '4bf92f3577b34da6a3ce929d0e0e4736' }],
    ['the recipient that a mail server refuses', { event: 'mail_delivery_failed', reason: '550 ann@example.com' }],
    ['the secrets of other servers', { reason: 'a secret of that server' }],
  ])('accepts %s', (_what, fields) => {
    expect(() => inspectLog(port, [line(fields)])).not.toThrow()
  })

  test('accepts half a line at the end of a server that was killed, and nowhere else', () => {
    const half = { level: 'text', text: '{"level":"in' }
    expect(() => inspectLog(port, [line({}), half], true)).not.toThrow()
    expect(() => inspectLog(port, [half, line({})], true)).toThrow('not JSON')
  })
})
