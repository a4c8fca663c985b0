import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { verifyDomains } from '#server/domain/tenants/domains/verify.ts'
import type { DnsServer } from '../../support/data/dns.ts'
import { createDnsServer } from '../../support/data/dns.ts'
import { lastMailTo } from '../../support/data/mails.ts'
import type { Answer, Call } from '../../support/http.ts'
import { runCli } from '../../support/process/cli.ts'
import type { SecondServer } from '../../support/process/second-server.ts'
import { startBeside } from '../../support/process/second-server.ts'
import type { World } from '../../support/world.ts'
import { api, auth, createWorld, signInAs } from '../../support/world.ts'

const host = 'staff.acme.example'

let dns: DnsServer
let world: World
let second: SecondServer
let owner: string

beforeAll(async () => {
  dns = await createDnsServer()
  world = await createWorld({ DNS_SERVER: dns.address, ACCESS_TTL: '3600' })
  second = await startBeside(world)
  owner = (await signInAs(world.console, world.console.admin)).access
})
afterAll(async () => {
  await second.stop()
  await world.stop()
  await dns.close()
})
beforeEach(async () => {
  dns.records.clear()
  dns.isBroken = false
  const {
    db,
    tables: { domains },
  } = world.app.database.platform
  await db.delete(domains)
  await world.app.database.platform.db.execute(`select pg_notify('tenantry_tenants', '${world.acme.id}')`)
})

describe('a domain', () => {
  test('is not served until its DNS has the challenge, and then leads to the tenant in every process', async () => {
    const { json: added, status } = await add(host)
    expect(status).toBe(201)
    expect(added).toMatchObject({
      host,
      verified_at: null,
      is_primary: false,
      challenge: { name: `_tenantry.${host}`, value: expect.stringMatching(/^[\w-]{32}$/) },
    })
    expect((await at(host, '/.well-known/jwks.json')).status).toBe(404)

    expect((await verify(host)).json).toMatchObject({
      verified_at: null,
      last_error: `There is no TXT record at _tenantry.${host}.`,
    })
    dns.records.set(`_tenantry.${host}`, ['v=spf1 -all', `${added.challenge.value}x`])
    expect((await verify(host)).json).toMatchObject({
      verified_at: null,
      last_error: `The TXT record at _tenantry.${host} says something else.`,
    })
    dns.isBroken = true
    expect((await verify(host)).json.last_error).toMatch(/did not answer/)
    dns.isBroken = false
    expect((await at(host, '/.well-known/jwks.json')).status).toBe(404)

    dns.records.set(`_tenantry.${host}`, ['v=spf1 -all', added.challenge.value])
    expect((await verify(host)).json).toMatchObject({ verified_at: expect.any(String), last_error: null })
    await expect
      .poll(() => at(host, '/.well-known/jwks.json').then(answer => answer.status), { interval: 10 })
      .toBe(200)
    expect((await at(host, '/.well-known/jwks.json')).text).toBe((await world.acme.call('/.well-known/jwks.json')).text)
    // Its users sign in there, on pages too. The tokens name the canonical origin, which is still the subdomain's.
    const signedIn = await at(host, `${auth}/session/`, {
      body: { email: world.acme.staff.email, password: world.acme.staff.password },
      headers: { origin: `http://${host}:${world.port}` },
    })
    expect(signedIn.status).toBe(200)
    const crossed = await at(host, `${auth}/session/`, {
      body: world.acme.staff,
      headers: { origin: world.acme.origin },
    })
    expect(crossed.json.code).toBe('cross_site')
    expect((await at(host, `${auth}/users/me/`, { cookies: signedIn.cookies })).json.email).toBe(world.acme.staff.email)
  })

  test('that is primary is in links, tokens and lists; earlier sessions continue', async () => {
    const before = await signInAs(world.acme, world.acme.staff)
    await prove(host)
    const origin = `http://${host}:${world.port}`
    const primary = await onConsole(`tenants/${world.acme.id}/domains/${host}/primary/`, { method: 'PUT', body: {} })
    expect(primary.json).toMatchObject({ url: origin, primary_domain: host })
    await expect
      .poll(async () => {
        const { json } = await second.at(world.acme, `${auth}/jwt/create/`, {
          body: { email: world.acme.staff.email, password: world.acme.staff.password },
        })
        return JSON.parse(Buffer.from(json.access.split('.')[1], 'base64url').toString()).iss
      })
      .toBe(origin)
    for (const where of [host, world.acme.host.split(':')[0]!])
      expect((await at(where, `${auth}/users/me/`, { token: before.access })).status).toBe(200)
    const renewed = await at(host, `${auth}/jwt/refresh/`, { body: { refresh: before.refresh } })
    expect(renewed.status).toBe(200)
    await at(host, `${auth}/users/reset_password/`, { body: { email: world.acme.staff.email } })
    expect(new URL((await lastMailTo(world, world.acme, world.acme.staff.email, /password/)).links[0]!).origin).toBe(
      origin,
    )
    expect(
      (await world.call('localhost', `${api}/tenants/info/`, { body: { tenant_id: primary.json.tenant_id } })).json.url,
    ).toBe(origin)

    expect((await onConsole(`tenants/${world.acme.id}/domains/${host}/`, { method: 'DELETE' })).json.code).toBe(
      'in_use',
    )
    expect((await onConsole(`tenants/${world.acme.id}/domains/${host}/primary/`, { method: 'DELETE' })).status).toBe(
      204,
    )
    expect((await onConsole(`tenants/${world.acme.id}/domains/${host}/`, { method: 'DELETE' })).status).toBe(204)
    await expect.poll(() => at(host, '/').then(answer => answer.status)).toBe(404)
    // Tokens with the domain as issuer have ended with the domain.
    expect((await world.acme.call(`${auth}/users/me/`, { token: renewed.json.access })).status).toBe(401)
  })

  test('is not primary before it is verified, and cannot be used by another tenant', async () => {
    await add(host)
    expect(
      (await onConsole(`tenants/${world.acme.id}/domains/${host}/primary/`, { method: 'PUT', body: {} })).json.code,
    ).toBe('wrong_state')
    expect(
      (await onConsole(`tenants/${world.globex.id}/domains/`, { body: { host: host.toUpperCase() } })).json,
    ).toEqual({ host: ['This domain is taken.'] })
    for (const [method, path] of [
      ['PUT', 'verification/'],
      ['PUT', 'primary/'],
      ['DELETE', 'primary/'],
      ['DELETE', ''],
    ] as const) {
      for (const absent of [host, '%00']) {
        expect(
          (
            await onConsole(`tenants/${world.globex.id}/domains/${absent}/${path}`, {
              method,
              ...(method === 'PUT' ? { body: {} } : {}),
            })
          ).status,
        ).toBe(404)
      }
    }
  })

  test.each([
    'localhost',
    'acme.localhost',
    'x.acme.localhost',
    'nothing',
    '127.0.0.1',
    '[::1]',
    'a..b.example',
    '-a.example',
    'a_b.example',
    'a b.example',
    '*.example.org',
    'http://a.example',
    'a.example:80',
    'é.example',
    `${'a'.repeat(64)}.example`,
    '',
  ])('that is none, or ours, is refused: %j', async name => {
    expect([(await add(name)).status, Object.keys((await add(name)).json)]).toEqual([400, ['host']])
  })

  test('without the challenge in its DNS is served for some days, and then no longer', async () => {
    await prove(host)
    const {
      db,
      tables: { domains },
    } = world.app.database.platform
    dns.records.clear()
    await verifyDomains(world.app)
    expect((await list())[0]).toMatchObject({
      verified_at: expect.any(String),
      last_error: expect.stringContaining('no TXT record'),
    })
    await db.update(domains).set({ verified_at: new Date(Date.now() - 4 * 86_400_000) })
    dns.isBroken = true
    await verifyDomains(world.app)
    expect((await list())[0]!.verified_at).not.toBeNull()
    dns.isBroken = false
    await verifyDomains(world.app)
    expect((await list())[0]).toMatchObject({ verified_at: null, is_primary: false })
    await expect.poll(() => at(host, '/').then(answer => answer.status)).toBe(404)
  })
})

describe('a proxy that asks whether to get a certificate', () => {
  test('gets yes for served domains, no for all others, and nothing more, on any host', async () => {
    await add('unproven.acme.example')
    await prove(host)
    for (const by of ['localhost', '127.0.0.1', 'nosuch.localhost', world.acme.host, world.console.host]) {
      for (const domain of [
        host,
        host.toUpperCase(),
        'acme.localhost',
        'localhost',
        'www.localhost',
        'console.localhost',
      ]) {
        await expect.poll(async () => (await ask(by, domain)).status).toBe(200)
        expect((await ask(by, domain)).json).toEqual({})
      }
      for (const domain of [
        'unproven.acme.example',
        `x.${host}`,
        'nosuch.localhost',
        '127.0.0.1',
        'evil.com',
        `${host}:443`,
        '',
        'a/b',
        'a%00b',
        '..',
      ]) {
        expect(await ask(by, domain)).toMatchObject({ status: 404, text: '{"detail":"Not found."}' })
      }
    }
    expect((await world.call('localhost', `${api}/domains/ask/`)).status).toBe(404)
    expect((await world.call('localhost', `${api}/domains/ask/?domain=a&domain=b`)).status).toBe(404)
  })
})

describe('the command line', () => {
  test('adds, verifies, makes primary and removes a domain', async () => {
    const run = (...args: string[]) => runCli(['tenant', 'domain', ...args, '--json'], world.env)
    const added = await run('add', 'acme', host)
    expect(added.json).toMatchObject({ host, challenge: { name: `_tenantry.${host}` } })
    expect((await run('verify', 'acme', host)).code).toBe(1)
    dns.records.set(`_tenantry.${host}`, [added.json.challenge.value])
    expect(await run('verify', 'acme', host)).toMatchObject({ code: 0, json: { verified_at: expect.any(String) } })
    expect((await run('primary', 'acme', host)).json).toEqual({ host, is_primary: true })
    expect((await run('remove', 'acme', host)).code).toBe(1)
    expect((await run('primary', 'acme', host, '--off')).code).toBe(0)
    expect((await run('list', 'acme')).json).toHaveLength(1)
    expect((await run('remove', 'acme', host)).code).toBe(0)
    expect((await run('add', 'acme', 'acme.localhost')).code).toBe(1)
  })
})

function add(name: string): Promise<Answer> {
  return onConsole(`tenants/${world.acme.id}/domains/`, { body: { host: name } })
}

function verify(name: string): Promise<Answer> {
  return onConsole(`tenants/${world.acme.id}/domains/${name}/verification/`, { method: 'PUT', body: {} })
}

async function prove(name: string): Promise<void> {
  const { json } = await add(name)
  dns.records.set(`_tenantry.${name}`, [json.challenge.value])
  expect((await verify(name)).json.last_error).toBeNull()
}

async function list(): Promise<{ verified_at: string | null }[]> {
  return (await onConsole(`tenants/${world.acme.id}/domains/`)).json.results
}

/** At the other process, which gets the announcements itself. */
function at(name: string, path: string, options?: Call): Promise<Answer> {
  return second.at({ ...world.acme, host: `${name}:${world.port}` }, path, options)
}

function ask(by: string, domain: string): Promise<Answer> {
  return world.call(by, `${api}/domains/ask/?domain=${domain}`)
}

function onConsole(path: string, options: Call = {}): Promise<Answer> {
  return world.console.call(`${api}/${path}`, { token: owner, ...options })
}
