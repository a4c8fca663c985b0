import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mailsTo } from '../../support/data/mails.ts'
import type { Answer } from '../../support/http.ts'
import type { Place, World } from '../../support/world.ts'
import { api, auth, createWorld } from '../../support/world.ts'

let world: World
beforeAll(async () => {
  world = await createWorld({ SIGNUP: 'open' })
})
afterAll(() => world.stop())

const type = 'application/x-www-form-urlencoded'

/** Sends a form as a browser does without scripts. */
function send(host: string, path: string, fields: Record<string, string>, headers: Record<string, string> = {}) {
  return world.call(host, path, {
    method: 'POST',
    body: new URLSearchParams(fields).toString(),
    headers: { 'content-type': type, 'sec-fetch-site': 'same-origin', 'accept': 'text/html', ...headers },
  })
}

/** The page that follows, with the cookies of the answer. */
async function pageAfter(host: string, answer: Answer): Promise<string> {
  const cookies = Object.entries(answer.cookies)
    .map(([name, value]) => `${name}=${value}`)
    .join('; ')
  const page = await world.call(host, String(answer.headers.location), {
    headers: { cookie: cookies, accept: 'text/html' },
  })
  expect(page.status).toBe(200)
  return page.text
}

const credentials = ({ staff }: Place) => ({ form: 'login', email: staff.email, password: staff.password })

describe('the sign-in form, without scripts', () => {
  test('signs in and leads where the user wanted to go, and nowhere else', async () => {
    for (const [query, location] of [
      ['', '/'],
      ['?redirect=%2Fpeople%3Fpage%3D2', '/people?page=2'],
      ['?redirect=https%3A%2F%2Fevil.test', '/'],
    ] as const) {
      const answer = await send(world.acme.host, `/login${query}`, credentials(world.acme))
      expect([answer.status, answer.headers.location]).toEqual([303, location])
      expect(Object.keys(answer.cookies).sort()).toEqual(['tenantry_access', 'tenantry_refresh'])
      const me = await world.acme.call(`${auth}/users/me/`, { cookies: answer.cookies })
      expect(me.json.email).toBe(world.acme.staff.email)
    }
  })

  test('shows what was wrong, with the address but without the password, and only once', async () => {
    const answer = await send(world.acme.host, '/login', { ...credentials(world.acme), password: 'not the password' })
    expect([answer.status, answer.headers.location]).toEqual([303, '/login'])
    expect(JSON.stringify(answer.cookies)).not.toContain('not the password')
    expect(String(answer.headers['set-cookie'])).toMatch(/tenantry_form=.*HttpOnly.*SameSite=Lax/)
    const page = await pageAfter(world.acme.host, answer)
    expect(page).toContain('The email address or password is incorrect')
    expect(page).toContain(`value="${world.acme.staff.email}"`)
    const again = await world.acme.call('/login', { headers: { accept: 'text/html' } })
    expect(again.text).not.toContain('The email address or password is incorrect')
  })

  test('is refused from another site, a sibling tenant, or an unknown place, and signs nobody in', async () => {
    const body = new URLSearchParams(credentials(world.acme)).toString()
    for (const headers of [
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { origin: world.globex.origin },
      {},
    ]) {
      const answer = await world.acme.call('/login', { body, headers: { 'content-type': type, ...headers } })
      expect([answer.status, answer.cookies]).toEqual([403, {}])
    }
  })

  test("does not accept another tenant's password", async () => {
    const answer = await send(world.globex.host, '/login', credentials(world.acme))
    expect(Object.keys(answer.cookies)).toEqual(['tenantry_form'])
  })

  test('counts wrong passwords like any other sign-in', async () => {
    const body = { form: 'login', email: 'nobody@example.com', password: 'wrong' }
    for (let i = 0; i < 12; i++) await send(world.globex.host, '/login', body)
    const page = await pageAfter(world.globex.host, await send(world.globex.host, '/login', body))
    expect(page).toMatch(/too many|throttled/i)
  })
})

describe('other forms, without scripts', () => {
  test('a new password is requested', async () => {
    const { email } = world.acme.staff
    const answer = await send(world.acme.host, '/forgot', { form: 'forgot', email })
    expect(await pageAfter(world.acme.host, answer)).toContain('Check your email')
    expect((await mailsTo(world, world.acme, email)).at(-1)!.text).toContain('/auth/password/reset/')
  })

  test('an organisation is found, by its ID or its address', async () => {
    const site = `localhost:${world.port}`
    for (const tenant_id of ['acme', world.acme.origin]) {
      const page = await pageAfter(site, await send(site, '/find', { form: 'find', tenant_id }))
      expect(page).toContain('Acme Ltd')
      expect(page).toContain(`href="${world.acme.origin}"`)
    }
    const unknown = await pageAfter(site, await send(site, '/find', { form: 'find', tenant_id: 'nowhere' }))
    expect(unknown).not.toContain('Acme Ltd')
    expect(unknown).toContain('value="nowhere"')
  })

  test('an organisation is signed up, and errors are shown at once', async () => {
    const site = `localhost:${world.port}`
    const fields = { form: 'signup', name: 'Initech', subdomain: 'initech', email: 'bill@initech.test', language: 'en' }
    expect(await pageAfter(site, await send(site, '/signup', fields))).toContain('bill@initech.test')
    const wrong = await pageAfter(site, await send(site, '/signup', { ...fields, subdomain: 'admin', name: '' }))
    expect(wrong).toContain('This field may not be blank.')
  })

  test('a form that is not on the page changes nothing and leads back to it', async () => {
    for (const form of ['signup', 'unknown', '']) {
      const answer = await send(world.acme.host, '/login?x=1', { ...credentials(world.acme), form })
      expect([answer.status, answer.headers.location, answer.cookies]).toEqual([303, '/login?x=1', {}])
    }
  })

  test('a form that is too long is refused', async () => {
    expect((await send(world.acme.host, '/login', { form: 'login', email: 'x'.repeat(20_000) })).status).toBe(413)
  })

  test('pages accept nothing else', async () => {
    const answer = await world.acme.call('/login', { body: { form: 'login' }, sameOrigin: true })
    expect(answer.status).toBe(405)
  })
})

describe('answers', () => {
  const asked = { 'accept-encoding': 'br, gzip', 'accept': 'text/html' }

  test('are compressed for our own pages, and not for those of other sites', async () => {
    const encodingOf = async (headers: Record<string, string>) =>
      (await world.acme.call('/login', { headers: { ...asked, ...headers } })).headers['content-encoding']
    expect(await encodingOf({ 'sec-fetch-site': 'same-origin' })).toBe('br')
    expect(await encodingOf({ 'sec-fetch-site': 'none', 'accept-encoding': 'gzip' })).toBe('gzip')
    expect(await encodingOf({})).toBe('br')
    // BREACH: another site guesses what an answer contains, by its size.
    expect(await encodingOf({ 'sec-fetch-site': 'cross-site' })).toBeUndefined()
    expect(await encodingOf({ 'sec-fetch-site': 'same-site' })).toBeUndefined()
    expect(await encodingOf({ cookie: 'other=1' })).toBeUndefined()
  })

  test('with tokens are never compressed', async () => {
    const answer = await world.acme.call(`${auth}/jwt/create/`, {
      body: world.acme.staff,
      headers: { ...asked, 'sec-fetch-site': 'same-origin' },
    })
    expect([answer.status, answer.headers['content-encoding']]).toEqual([200, undefined])
  })

  test('that are short stay as they are', async () => {
    const answer = await world.acme.call(`${api}/auth/users/me/`, {
      headers: { ...asked, 'sec-fetch-site': 'same-origin' },
    })
    expect([answer.status, answer.headers['content-encoding']]).toEqual([401, undefined])
  })
})

describe('the page of a mailed link', () => {
  test('says at once whether the link still works, and does not use it up', async () => {
    const { email } = world.globex.staff
    await world.globex.call(`${auth}/users/reset_password/`, { body: { email } })
    const link = (await mailsTo(world, world.globex, email)).at(-1)!.links[0]!
    const [, uid, token] = /reset\/([^/]+)\/([^/]+)/.exec(link)!
    const lookup = (body: object) => world.globex.call(`${auth}/users/link_lookup/`, { body })
    expect((await lookup({ uid, token, purpose: 'reset' })).status).toBe(204)
    expect((await lookup({ uid, token, purpose: 'email' })).status).toBe(400)
    expect((await lookup({ uid, token, purpose: 'other' })).json).toHaveProperty('purpose')
    const elsewhere = { body: { uid, token, purpose: 'reset' } }
    expect((await world.acme.call(`${auth}/users/link_lookup/`, elsewhere)).status).toBe(400)

    const path = new URL(link).pathname
    const page = async () => (await world.globex.call(path, { headers: { accept: 'text/html' } })).text
    expect(await page()).toContain('name="new_password"')
    const body = { uid, token, new_password: 'an entirely new row of words' }
    expect((await world.globex.call(`${auth}/users/reset_password_confirm/`, { body })).status).toBe(204)
    expect(await page()).not.toContain('name="new_password"')
  })
})
