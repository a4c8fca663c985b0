import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fromSystem } from '#server/domain/context.ts'
import { resumeTenant, suspendTenant } from '#server/domain/tenants/lifecycle/suspension.ts'
import { linesSince } from '../../support/process/log-lines.ts'
import type { SecondServer } from '../../support/process/second-server.ts'
import { startBeside } from '../../support/process/second-server.ts'
import type { RawAnswer } from '../../support/raw-http.ts'
import { sendRaw } from '../../support/raw-http.ts'
import type { Place, World } from '../../support/world.ts'
import { api, auth, createWorld, signInAs, signInWithCookies } from '../../support/world.ts'

const me = `${auth}/users/me/`
const page = { accept: 'text/html' }
// Names that the wrong tenant must never see: each tenant's admin has one.
const canaries = { acme: 'Canary-of-Acme', globex: 'Canary-of-Globex' }

let world: World
/** Access tokens and cookies of each tenant's admin, valid for the whole file. */
let tokens: { acme: string; globex: string }
let cookies: { acme: Record<string, string>; globex: Record<string, string> }
beforeAll(async () => {
  world = await createWorld({ ACCESS_TTL: '3600' })
  const { acme, globex } = world
  tokens = { acme: (await signInAs(acme, acme.admin)).access, globex: (await signInAs(globex, globex.admin)).access }
  cookies = { acme: await signInWithCookies(acme, acme.admin), globex: await signInWithCookies(globex, globex.admin) }
  for (const name of ['acme', 'globex'] as const) {
    const answer = await world[name].call(me, {
      method: 'PATCH',
      token: tokens[name],
      body: { first_name: canaries[name] },
    })
    expect(answer.json).toMatchObject({ first_name: canaries[name] })
  }
})
afterAll(() => world.stop())

describe('a Host that is not one valid name', () => {
  test.each([
    'acme.localhost.',
    '.acme.localhost',
    'acme..localhost',
    '-acme.localhost',
    'acme-.localhost',
    'acme_x.localhost',
    'ann@acme.localhost',
    'acme.localhost@globex.localhost',
    'acme.localhost:80@globex.localhost',
    '@acme.localhost',
    'acme.localhost:',
    'acme.localhost:0',
    'acme.localhost:65536',
    'acme.localhost:99999999',
    'acme.localhost:x',
    'acme.localhost:80:80',
    'acme.localhost:-1',
    'acme.localhost:+80',
    'acme.localhost/x',
    'acme.localhost?x',
    'acme.localhost#x',
    'acme.localhost\\x',
    'acme .localhost',
    'acme.localhost globex.localhost',
    'acme.localhost, globex.localhost',
    'acme.localhost,globex.localhost',
    'acme%2elocalhost',
    '%61cme.localhost',
    '*.localhost',
    '(acme).localhost',
    'acm\xE9.localhost',
    '\xC3\xA9.localhost',
    '\xFF',
    '\xA0acme.localhost',
    '[::1',
    '[acme].localhost',
    '[acme.localhost]',
    '::1',
    '',
    'http://acme.localhost',
    `${'a'.repeat(64)}.localhost`,
    `${'a.'.repeat(130)}localhost`,
  ])('is 400 for programs and pages alike: %j', async host => {
    const program = await rawGet(me, [`Host: ${host}`])
    expect(program).toMatchObject({ status: 400, body: '{"detail":"The Host header is not valid."}' })
    const person = await rawGet('/login', [`Host: ${host}`, 'Accept: text/html'])
    expect(person.status).toBe(400)
    for (const answer of [program, person]) expectNothingOfATenant(answer)
  })

  test('is 400 when it is missing, also in HTTP/1.0, where a server might use a default', async () => {
    const asked = await Promise.all([
      sendRaw(world.server.port, [`GET ${me} HTTP/1.1`]),
      sendRaw(world.server.port, [`GET ${me} HTTP/1.0`]),
      sendRaw(world.server.port, ['GET /login HTTP/1.0', 'Accept: text/html']),
    ])
    for (const answer of asked) {
      expect(answer.status).toBe(400)
      expectNothingOfATenant(answer)
    }
  })

  test.each([
    ['two tenants', ['acme.localhost', 'globex.localhost']],
    ['one tenant twice', ['acme.localhost', 'acme.localhost']],
    ['a tenant and nothing', ['acme.localhost', '']],
  ])('is 400 when it is sent twice: %s', async (_what, hosts) => {
    const answer = await rawGet(me, [...hosts.map(host => `Host: ${host}`), `Authorization: Bearer ${tokens.acme}`])
    expect(answer).toMatchObject({ status: 400, body: '{"detail":"The Host header is not valid."}' })
  })

  test('is served over HTTP/1.0 with one valid name', async () => {
    const answer = await sendRaw(world.server.port, [`GET ${me} HTTP/1.0`, `Host: ${world.acme.host}`])
    expect(answer).toMatchObject({ status: 401, body: '{"detail":"Authentication credentials were not provided."}' })
  })

  test('is not taken from the request line instead', async () => {
    for (const target of [
      `http://${world.globex.host}${me}`,
      `http://nosuch.localhost${me}`,
      `//${world.globex.host}${me}`,
    ]) {
      const answer = await rawGet(target, [`Host: ${world.acme.host}`, `Authorization: Bearer ${tokens.acme}`])
      expect([400, 404]).toContain(answer.status)
      expectNothingOfATenant(answer)
    }
  })
})

describe('an unknown host', () => {
  // TEN-01, TEN-13, TEN-15: look-alikes, neighbours and bare addresses.
  const strangers = [
    'nosuch.localhost',
    'platform.localhost',
    'x.acme.localhost',
    'acme.acme.localhost',
    'www.acme.localhost',
    'acme.console.localhost',
    'console.acme.localhost',
    'acme.www.localhost',
    'acme.evil.com',
    'acme.localhost.evil.com',
    'evil-localhost',
    'acmelocalhost',
    'acme',
    'localhost.localhost',
    'evil.com',
    'com',
    'xn--acm-epa.localhost',
    'xn--cme-7cd.localhost',
    '127.0.0.1',
    '127.0.0.2',
    '0.0.0.0',
    '[::1]',
    '[::ffff:127.0.0.1]',
    'a'.repeat(63),
    `${'a'.repeat(41)}.localhost`,
  ]

  test.each(strangers)('is 404 with nothing of anyone: %s', async host => {
    const asked = await Promise.all([
      rawGet(me, [`Host: ${host}`]),
      rawGet(me, [
        `Host: ${host}:${world.port}`,
        `Authorization: Bearer ${tokens.acme}`,
        `Cookie: tenantry_access=${tokens.acme}`,
      ]),
      sendRaw(
        world.server.port,
        [`POST ${auth}/jwt/create/ HTTP/1.1`, `Host: ${host}`, 'Content-Type: application/json', 'Content-Length: 2'],
        '{}',
      ),
    ])
    for (const answer of asked) {
      expect(answer).toMatchObject({ status: 404, body: '{"detail":"Not found."}' })
      expectNothingOfATenant(answer)
    }
  })

  test('has one page, the same bytes for every name and caller', async () => {
    const pages = await Promise.all([
      ...strangers.map(host => world.call(host, '/', page)),
      world.call('nosuch.localhost', '/people', page),
      world.call('nosuch.localhost', '/', { ...page, cookies: cookies.acme }),
    ])
    for (const answer of pages) expect(answer.status).toBe(404)
    expect(new Set(pages.map(answer => answer.text)).size).toBe(1)
    expect(pages.flatMap(answer => Object.keys(answer.cookies))).toEqual([])
  })

  test('and a known host answer a missing path with the same text', async () => {
    const known = await world.acme.call(`${api}/nothing/`)
    const unknown = await world.call('nosuch.localhost', `${api}/nothing/`)
    expect({ status: unknown.status, text: unknown.text }).toEqual({ status: known.status, text: known.text })
  })

  test('does not affect the health checks of load balancers by address', async () => {
    for (const host of ['nosuch.localhost', '127.0.0.1', '', 'acme.localhost.']) {
      for (const path of ['/healthz', '/readyz'])
        expect(await rawGet(path, [`Host: ${host}`])).toMatchObject({ status: 200, body: '{"status":"ok"}' })
    }
  })
})

describe('one tenant has one name', () => {
  // TEN-03
  test('in any case, which is in lower case in tokens and links', async () => {
    const shouted = `ACME.LocalHost:${world.port}`
    const signedIn = await world.call(shouted, `${auth}/session/`, { body: world.acme.admin, sameOrigin: true })
    expect(signedIn.status).toBe(200)
    const [, payload = ''] = signedIn.cookies.tenantry_access!.split('.')
    expect(JSON.parse(Buffer.from(payload, 'base64url').toString())).toMatchObject({
      iss: world.acme.origin,
      aud: world.acme.id,
    })
    for (const host of [shouted, world.acme.host]) {
      const people = await world.call(host, `${api}/users/?page_size=1`, { cookies: signedIn.cookies })
      expect(people.json.next).toBe(`${world.acme.origin}/api/v1/users/?page_size=1&page=2`)
    }
  })

  test('that does not depend on the port in the Host', async () => {
    for (const host of ['acme.localhost', 'acme.localhost:1', 'acme.localhost:65535', 'acme.localhost:00080']) {
      const people = await world.call(host, `${api}/users/?page_size=1`, { token: tokens.acme })
      expect(people.json.next).toMatch(`${world.acme.origin}/`)
    }
  })
})

describe('other information in a request about its destination', () => {
  // TEN-10
  const claims = (host: string) => ({
    'x-forwarded-host': host,
    'forwarded': `for=127.0.0.1;host=${host};proto=https`,
    'x-host': host,
    'x-original-host': host,
    'x-forwarded-server': host,
    'x-http-host-override': host,
    'x-tenant': 'globex',
    'x-tenant-id': world.globex.id,
    'x-forwarded-port': '1',
    'x-forwarded-proto': 'https',
    'origin': `http://${host}`,
    'referer': `http://${host}/`,
  })

  test('does not send a signed-in call to another tenant', async () => {
    for (const [name, value] of Object.entries(claims(world.globex.host))) {
      const answer = await world.acme.call(me, { token: tokens.acme, headers: { [name]: value } })
      expect([name, answer.status, answer.json.organization]).toEqual([name, 200, world.acme.id])
    }
  })

  test('does not move a page, a sign-in or a link', async () => {
    const headers = claims(world.globex.host)
    const login = await world.acme.call('/login', { ...page, headers })
    expect(login.text).toContain('Acme Ltd')
    expect(login.text).not.toContain('Globex')
    const signIn = await world.acme.call(`${auth}/jwt/create/`, { body: world.globex.admin, headers })
    expect(signIn.status).toBe(401)
    const people = await world.acme.call(`${api}/users/?page_size=1`, { token: tokens.acme, headers })
    expect(people.json.next).toMatch(`${world.acme.origin}/`)
  })

  test('does not make an unknown host known', async () => {
    const answer = await world.call('nosuch.localhost', me, { headers: claims(world.acme.host) })
    expect(answer).toMatchObject({ status: 404, text: '{"detail":"Not found."}' })
  })

  // TEN-11
  test.each([
    'x-original-url',
    'x-rewrite-url',
    'x-override-url',
    'x-forwarded-path',
    'x-forwarded-prefix',
    'x-original-uri',
  ])('does not make it another path: %s', async name => {
    const answer = await world.acme.call(me, { token: tokens.acme, headers: { [name]: '/api/v1/departments/' } })
    expect(answer.json).toMatchObject({ id: world.acme.admin.id })
    const missing = await world.acme.call(`${api}/nothing/`, { token: tokens.acme, headers: { [name]: me } })
    expect(missing.status).toBe(404)
  })

  // TEN-14
  test.each([
    '127.0.0.1',
    '203.0.113.9',
    ', ,',
    'unix:',
    'unix:/tmp/s',
    '[::1]:80',
    '-1',
    '"><script>',
    '::ffff:127.0.0.1',
    'a'.repeat(9_000),
  ])('does not choose the address that it is counted under: %j', async address => {
    const short = address.slice(0, 100)
    const headers = {
      'x-forwarded-for': address,
      'x-real-ip': short,
      'x-client-ip': short,
      'cf-connecting-ip': short,
      'true-client-ip': short,
    }
    const signedIn = await world.acme.call(`${auth}/jwt/create/`, { body: world.acme.staff, headers })
    expect(signedIn.status).toBe(200)
    expect(await currentSessionAddress(world.acme, signedIn.json.access)).toBe('127.0.0.1')
    const refused = await world.acme.call(me, { headers })
    expect(refused.status).toBe(401)
  })
})

describe('behind a proxy that is named in TRUSTED_PROXIES', () => {
  let proxied: SecondServer
  beforeAll(async () => {
    proxied = await startBeside(world, { TRUSTED_PROXIES: '127.0.0.0/8, 2001:db8::/32' })
  })
  afterAll(async () => {
    await proxied.stop()
    expect(proxied.log.filter(line => ['error', 'fatal'].includes(line.level))).toEqual([])
  })

  // TEN-12
  test('the forwarded host is the host', async () => {
    const answer = await proxiedGet(me, [
      'Host: backend.internal',
      `X-Forwarded-Host: ${world.globex.host}`,
      `Authorization: Bearer ${tokens.globex}`,
    ])
    expect(JSON.parse(answer.body)).toMatchObject({ organization: world.globex.id })
  })

  test('the Host counts when none is forwarded', async () => {
    const answer = await proxiedGet(me, [`Host: ${world.acme.host}`, `Authorization: Bearer ${tokens.acme}`])
    expect(JSON.parse(answer.body)).toMatchObject({ organization: world.acme.id })
  })

  test.each([
    ['twice', ['X-Forwarded-Host: acme.localhost', 'X-Forwarded-Host: globex.localhost']],
    ['twice the same', ['X-Forwarded-Host: acme.localhost', 'X-Forwarded-Host: acme.localhost']],
    ['as a list', ['X-Forwarded-Host: acme.localhost, globex.localhost']],
    ['as nothing', ['X-Forwarded-Host: ']],
    ['with a dot at its end', ['X-Forwarded-Host: acme.localhost.']],
    ['with a user', ['X-Forwarded-Host: a@acme.localhost']],
  ])('a forwarded host that came %s is 400', async (_how, lines) => {
    const answer = await proxiedGet(me, ['Host: globex.localhost', ...lines])
    expect(answer).toMatchObject({ status: 400, body: '{"detail":"The Host header is not valid."}' })
  })

  test('an unknown forwarded host is 404, whatever the Host', async () => {
    expect(await proxiedGet(me, [`Host: ${world.acme.host}`, 'X-Forwarded-Host: nosuch.localhost'])).toMatchObject({
      status: 404,
    })
  })

  test.each([
    'Forwarded: host=globex.localhost',
    'X-Original-Host: globex.localhost',
    'X-Host: globex.localhost',
    'X-Forwarded-Server: globex.localhost',
  ])('no other header counts: %s', async line => {
    const answer = await proxiedGet('/login', [`Host: ${world.acme.host}`, 'Accept: text/html', line])
    expect(answer.body).toContain('Acme Ltd')
    expect(answer.body).not.toContain('Globex')
  })

  test.each([
    ['the last that is not a proxy', ['203.0.113.9, 198.51.100.7'], '198.51.100.7'],
    ['past our own proxies', ['203.0.113.9, 198.51.100.7, 127.0.0.9', '2001:db8::1'], '198.51.100.7'],
    ['in IPv6', ['2001:DB9::7'], '2001:DB9::7'],
    ['in IPv4 written as IPv6', ['::ffff:198.51.100.7'], '198.51.100.7'],
    ["the connection's when none was sent", [], '127.0.0.1'],
    ["the connection's when the last is no address", ['198.51.100.7, unknown'], '127.0.0.1'],
    ["the connection's when it is nonsense", [', ,'], '127.0.0.1'],
    ["the connection's when it is long nonsense", ['x'.repeat(8_000)], '127.0.0.1'],
  ])("the client's address is %s", async (_which, forwarded, address) => {
    const body = JSON.stringify({ email: world.acme.staff.email, password: world.acme.staff.password })
    const signedIn = await sendRaw(
      proxied.port,
      [
        `POST ${auth}/jwt/create/ HTTP/1.1`,
        `Host: ${world.acme.host}`,
        'Content-Type: application/json',
        `Content-Length: ${body.length}`,
        ...forwarded.map(value => `X-Forwarded-For: ${value}`),
      ],
      body,
    )
    expect(signedIn.status).toBe(200)
    expect(await currentSessionAddress(world.acme, JSON.parse(signedIn.body).access)).toBe(address)
  })

  function proxiedGet(path: string, lines: string[]): Promise<RawAnswer> {
    return sendRaw(proxied.port, [`GET ${path} HTTP/1.1`, ...lines])
  }
})

describe('a suspended tenant', () => {
  const refusal = '{"detail":"This organisation is suspended.","code":"tenant_inactive"}'

  // TEN-02, FLT-18: the change is made in this process and reaches the server by NOTIFY alone.
  test('is closed to every request as soon as that is announced, and reopens unchanged, LIFE-09', async () => {
    const { access, refresh } = await signInAs(world.globex, world.globex.admin)
    expect((await world.globex.call('/login', page)).status).toBe(200)

    await suspendTenant(world.app, world.globex.id, null, fromSystem)
    try {
      await expect.poll(async () => (await world.globex.call('/login', page)).status).toBe(403)
      const refused = await Promise.all([
        world.globex.call(me, { token: access }),
        world.globex.call(me, { cookies: cookies.globex }),
        world.globex.call(me),
        world.globex.call(`${api}/users/`, { token: access }),
        world.globex.call(`${api}/nothing/`),
        world.globex.call(`${auth}/jwt/create/`, { body: world.globex.admin }),
        world.globex.call(`${auth}/jwt/create/`, { body: { email: 'nobody@example.com', password: 'x' } }),
        world.globex.call(`${auth}/jwt/refresh/`, { body: { refresh } }),
        world.globex.call(`${auth}/jwt/verify/`, { body: { token: access } }),
        world.globex.call(`${auth}/jwt/blacklist/`, { body: { refresh } }),
        world.globex.call(`${auth}/session/`, { body: world.globex.admin, sameOrigin: true }),
        world.globex.call(`${auth}/session/refresh/`, { method: 'POST', cookies: cookies.globex, sameOrigin: true }),
        world.globex.call(`${auth}/users/reset_password_confirm/`, {
          body: { uid: 'x', token: 'x', new_password: 'x' },
        }),
        world.globex.call('/.well-known/jwks.json'),
        world.globex.call(me, { method: 'OPTIONS' }),
      ])
      for (const answer of refused) expect(answer).toMatchObject({ status: 403, text: refusal, cookies: {} })

      const pages = await Promise.all(
        ['/', '/login', '/people', '/nothing', '/auth/password/reset/a/b'].map(path =>
          world.globex.call(path, { ...page, cookies: cookies.globex }),
        ),
      )
      for (const answer of pages) {
        expect(answer.status).toBe(403)
        expect(answer.text).toContain('suspended')
        expect(answer.text).not.toContain(canaries.globex)
      }
      expect((await world.acme.call('/login', page)).status).toBe(200)
      await signInAs(world.acme, world.acme.admin)
    } finally {
      await resumeTenant(world.app, world.globex.id, fromSystem)
    }

    await expect.poll(async () => (await world.globex.call('/login', page)).status).toBe(200)
    expect((await world.globex.call(me, { token: access })).json).toMatchObject({ id: world.globex.admin.id })
    expect((await world.globex.call(`${auth}/jwt/refresh/`, { body: { refresh } })).status).toBe(200)
  })

  test('is refused by the query of a signed-in call, before any announcement arrives', async () => {
    await suspendTenant(world.app, world.globex.id, null, fromSystem)
    const answer = await world.globex.call(me, { token: tokens.globex })
    await resumeTenant(world.app, world.globex.id, fromSystem)
    expect(answer).toMatchObject({ status: 403, text: refusal })
    await expect.poll(async () => (await world.globex.call('/login', page)).status).toBe(200)
  })
})

describe('a route or page of one surface', () => {
  test('does not exist on another, for any caller', async () => {
    const operator = (await signInAs(world.console, world.console.admin)).access
    const site = (path: string, options = {}) => world.call(`localhost:${world.port}`, path, options)
    const missing = await Promise.all([
      ...[undefined, operator].flatMap(token => [
        world.console.call(`${api}/users/`, { token }),
        world.console.call(`${api}/users/${world.acme.admin.id}/`, { token }),
        world.console.call(`${api}/departments/`, { token }),
      ]),
      world.console.call(`${api}/tenants/info/`, { body: { tenant_id: 'ACM-0000' } }),
      ...[undefined, tokens.acme].map(token => world.acme.call(`${api}/tenants/`, { token })),
      world.acme.call(`${api}/tenants/info/`, { body: { tenant_id: 'ACM-0000' } }),
      ...[undefined, tokens.acme, operator].flatMap(token =>
        [me, `${auth}/users/`, `${api}/users/`, `${api}/tenants/`, `${api}/sessions/`, '/.well-known/jwks.json'].map(
          path => site(path, { token }),
        ),
      ),
      site(`${auth}/jwt/create/`, { body: world.console.admin }),
      site(`${auth}/session/`, { body: world.console.admin, sameOrigin: true }),
    ])
    for (const answer of missing)
      expect(answer).toMatchObject({ status: 404, text: '{"detail":"Not found."}', cookies: {} })
  })

  test.each([
    ['acme', '/tenants'],
    ['acme', '/find'],
    ['acme', '/console'],
    ['acme', '/console/tenants'],
    ['acme', '/portal'],
    ['acme', '/portal/people'],
    ['acme', '/site'],
    ['console', '/departments'],
    ['console', '/find'],
    ['console', '/portal/people'],
    ['console', '/console/tenants'],
    ['site', '/login'],
    ['site', '/people'],
    ['site', '/tenants'],
    ['site', '/portal'],
    ['site', '/console'],
  ])('is no page on another: %s %s', async (surface, path) => {
    const host = { acme: world.acme.host, console: world.console.host, site: 'localhost' }[surface]!
    const ownCookies = surface === 'console' ? await consoleCookies() : cookies.acme
    for (const answer of [
      await world.call(host, path, page),
      await world.call(host, path, { ...page, cookies: ownCookies }),
    ]) {
      expect(answer.status).toBe(404)
      expect(answer.text).not.toContain(canaries.acme)
    }
  })

  // TEN-16
  test('is the same site on the base domain and on www, which belong to no tenant', async () => {
    const [bare, www] = await Promise.all(['localhost', 'WWW.localhost'].map(host => world.call(host, '/', page)))
    for (const answer of [bare!, www!]) {
      expect(answer.status).toBe(200)
      expect(answer.text).not.toContain('Acme')
    }
  })
})

describe('a token of another realm', () => {
  // TEN-17
  test("is refused: an operator's at a tenant, a tenant's at the console, and one tenant's at another", async () => {
    const operator = await signInAs(world.console, world.console.admin)
    const acme = await signInAs(world.acme, world.acme.admin)
    const refused = await Promise.all([
      world.acme.call(me, { token: operator.access }),
      world.acme.call(me, { cookies: { tenantry_access: operator.access } }),
      world.console.call(me, { token: acme.access }),
      world.console.call(`${api}/tenants/`, { token: acme.access }),
      world.console.call(`${api}/tenants/`, { cookies: { tenantry_access: acme.access } }),
      world.globex.call(me, { token: acme.access }),
      world.globex.call(`${api}/users/`, { cookies: { tenantry_access: acme.access } }),
    ])
    for (const answer of refused) {
      expect(answer).toMatchObject({ status: 401, json: { code: 'token_not_valid' } })
      expect(answer.headers['www-authenticate']).toBe('Bearer realm="api"')
    }
    for (const refresh of [operator.refresh, acme.refresh]) {
      expect(await world.globex.call(`${auth}/jwt/refresh/`, { body: { refresh } })).toMatchObject({
        status: 401,
        json: { detail: 'Token is invalid', code: 'token_not_valid' },
      })
    }
    expect((await world.acme.call(`${auth}/jwt/refresh/`, { body: { refresh: acme.refresh } })).status).toBe(200)
    const noticed = (await linesSince(world, 0)).filter(line => line.event === 'foreign_token_rejected')
    expect(noticed).toContainEqual(expect.objectContaining({ tenant: world.globex.id, token_tenant: world.acme.id }))
    expect(noticed).toContainEqual(expect.objectContaining({ tenant: 'platform', token_tenant: world.acme.id }))
  })

  test('gets no page: its cookies redirect to the sign-in page of the host', async () => {
    for (const path of ['/', '/people', '/profile']) {
      const answer = await world.globex.call(path, { ...page, cookies: cookies.acme })
      expect([302, 303]).toContain(answer.status)
      expect(answer.headers.location).toMatch(/^\/login(?:\?|$)/)
      expect(answer.text).not.toContain(canaries.acme)
      expect(answer.text).not.toContain(canaries.globex)
    }
  })
})

describe('a page that is rendered on the server', () => {
  // TEN-19: its own calls of the API are made in-process, without a host except the one that is passed on.
  test('shows its own tenant only, however many are rendered at once', async () => {
    const loads = Array.from({ length: 12 }, (_, i) => (i % 2 ? ('acme' as const) : ('globex' as const))).flatMap(
      name => ['/', '/people'].map(path => ({ name, path })),
    )
    const answers = await Promise.all(
      loads.map(async load => ({
        ...load,
        ...(await world[load.name].call(load.path, { ...page, cookies: cookies[load.name] })),
      })),
    )
    for (const { name, status, text } of answers) {
      expect(status).toBe(200)
      expect(text).toContain(canaries[name])
      expect(text).not.toContain(canaries[name === 'acme' ? 'globex' : 'acme'])
      expect(text).not.toContain(world[name === 'acme' ? 'globex' : 'acme'].id)
    }
  })

  test('shows nothing to the next user on the same connection, SSR-03', async () => {
    const signedIn = await world.acme.call('/people', { ...page, cookies: cookies.acme })
    const anonymous = await world.acme.call('/people', page)
    expect(signedIn.text).toContain(canaries.acme)
    expect(anonymous.status).toBe(302)
    expect(anonymous.text).not.toContain(canaries.acme)
  })
})

describe('a path in another spelling', () => {
  // TEN-21
  const spellings = (name: string) => [
    `/${name}`,
    `/${name[0]!.toUpperCase()}${name.slice(1)}`,
    `/${name.toUpperCase()}`,
    `//${name}`,
    `///${name}`,
    `/./${name}`,
    `/x/../${name}`,
    `/${name}/../${name}`,
    `/%${name.charCodeAt(0).toString(16)}${name.slice(1)}`,
    `/%25${name.charCodeAt(0).toString(16)}${name.slice(1)}`,
    `/${name}/`,
    `/${name}//`,
    `/${name};x`,
    `/${name}%2Fx`,
    `/${name}%00`,
    `/\\${name}`,
    `/${name}\\`,
    `/${name}/_payload.json`,
    `/${name}?_payload.json`,
    `/${name}.json`,
    `/${name}/index.html`,
    `/${name}?__proto__[x]=1`,
    `/${name}#x`,
    `/${name}%20`,
    `/${name}%3Fx`,
    `/portal/${name}`,
    `/%2e/${name}`,
    `/%2e%2e/${name}`,
  ]
  const pages = [
    ...spellings('people'),
    ...spellings('profile'),
    '/?/_payload.json',
    '/_payload.json',
    '/?_payload.json',
    '/__nuxt_island/people',
    '/__nuxt_island/people_x.json?props={}',
    '/__nuxt_error',
    '/__nuxt_error?url=/people',
    '/__nuxt_error?statusCode=200&url=/people&message=x',
    '/__nuxt',
    '/_nuxt/',
    '/_nuxt/../people',
    '/_ipx/_/people',
    '/api/_nuxt_icon/lucide.json?icons=x',
    '/index',
    '/index.html',
  ]
  const apiPaths = [
    me,
    me.slice(0, -1),
    `${me}/`,
    `/${me}`,
    `/.${me}`,
    `/x/..${me}`,
    me.toUpperCase(),
    me.replace('/api', '/API'),
    me.replace('/api', '/%61pi'),
    me.replace('/api/', '/api%2f'),
    me.replace('me', '%6de'),
    me.replace('me', '%256de'),
    `${me.slice(0, -1)};x`,
    `${me.slice(0, -1)}.css`,
    `${me.slice(0, -1)}.json`,
    `${me}x.js`,
    `${me}%00`,
    `${me}?x`,
    `${me}#x`,
    `\\${me}`,
    me.replace('/v1', '//v1'),
    me.replace('/v1', '/./v1'),
    `${api}/users/me`,
    `${api}/Users/`,
    `${api}/users/%2e%2e/auth/users/me/`,
    `${auth}/users/${'%20'}me/`,
    `${auth}/users/../users/me/`,
  ]

  test.each([...pages, ...apiPaths])('never bypasses the sign-in: %s', async path => {
    for (const lines of [
      ['Accept: text/html'],
      ['Accept: application/json'],
      ['Accept: */*', 'X-Requested-With: XMLHttpRequest', 'Purpose: prefetch'],
    ]) {
      const answer = await rawGet(path, [`Host: ${world.acme.host}`, ...lines])
      expect([302, 303, 400, 401, 404]).toContain(answer.status)
      expect(answer.body).not.toContain(canaries.acme)
      expect(answer.body).not.toContain('@example.com')
      expect(answer.headers.location ?? '/').toMatch(/^\/(?![/\\])/)
      if (path.startsWith('/__nuxt') || path.startsWith('/_nuxt')) expect(answer.status).toBe(404)
    }
  })

  test.each(pages)('is a page or 404 for a signed-in user, and never raw data: %s', async path => {
    const answer = await rawGet(path, [
      `Host: ${world.acme.host}`,
      'Accept: */*',
      `Cookie: tenantry_access=${cookies.acme.tenantry_access}`,
    ])
    if (answer.body.includes(canaries.acme)) expect(answer.headers['content-type']).toMatch(/^text\/html/)
    if (answer.status === 200) expect(answer.headers['cache-control']).toBe('private, no-store')
    expect(answer.body).not.toContain(canaries.globex)
  })

  // WEB-14: a cache that decides by file extension must not get a user's data under the name of a style sheet.
  test.each(['.css', '/x.js', '.json', '/photo.png', ';.css', '%2e.css', '%00.css'])(
    'is not the person under the name of a file: me%s',
    async ending => {
      for (const base of [
        `${auth}/users/me`,
        `${auth}/users/${world.acme.staff.id}`,
        `${api}/users/${world.acme.staff.id}`,
        `${api}/users`,
      ]) {
        const answer = await rawGet(`${base}${ending}`, [
          `Host: ${world.acme.host}`,
          `Authorization: Bearer ${tokens.acme}`,
        ])
        expect(answer).toMatchObject({ status: 404, body: '{"detail":"Not found."}' })
      }
    },
  )
})

function rawGet(path: string, lines: string[]): Promise<RawAnswer> {
  return sendRaw(world.server.port, [`GET ${path} HTTP/1.1`, ...lines])
}

function expectNothingOfATenant({ headers, body }: RawAnswer): void {
  expect(headers['set-cookie']).toBeUndefined()
  for (const secret of ['acme', 'globex', world.acme.id, world.globex.id, ...Object.values(canaries), '@example.com'])
    expect(body.toLowerCase()).not.toContain(secret.toLowerCase())
}

async function currentSessionAddress(place: Place, token: string): Promise<string> {
  const sessions = await place.call(`${api}/sessions/?page_size=100`, { token })
  return sessions.json.results.find((session: { current: boolean }) => session.current).ip
}

let consoleSession: Promise<Record<string, string>> | undefined
function consoleCookies(): Promise<Record<string, string>> {
  return (consoleSession ??= signInWithCookies(world.console, world.console.admin))
}
