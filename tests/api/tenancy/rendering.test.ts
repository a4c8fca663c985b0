import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Answer } from '../../support/http.ts'
import { connectToHeap } from '../../support/process/heap.ts'
import type { SignedIn } from '../../support/data/many-people.ts'
import { addSignedIn } from '../../support/data/many-people.ts'
import { startBeside } from '../../support/process/second-server.ts'
import { freePort } from '../../support/process/server.ts'
import { volume } from '../../support/volume.ts'
import type { World } from '../../support/world.ts'
import { createWorld, signInAs, signInWithCookies } from '../../support/world.ts'

let world: World
let people: SignedIn[]
beforeAll(async () => {
  world = await createWorld({ ACCESS_TTL: '3600' })
  people = (await Promise.all([world.acme, world.globex].map(place => addSignedIn(world, place, 40)))).flat()
})
afterAll(() => world.stop())

describe('a page that is rendered on the server', () => {
  test('many times, for 40 users of each of two organisations at once, shows each user only their own data, SSR-01', async () => {
    const answers = await inTurns(volume(160, 500), async i => {
      const person = people[i % people.length]!
      return { person, answer: await load(person, '/profile') }
    })
    const canaries = people.map(({ canary }) => canary)
    for (const { person, answer } of answers) {
      expect(answer).toMatchObject({ status: 200, headers: { 'cache-control': 'private, no-store' }, cookies: {} })
      expect([...new Set(canaries.filter(canary => answer.text.includes(canary)))]).toEqual([person.canary])
    }
  })

  test('holds no token, no hash and no secret, in its markup or its payload, SSR-04', async () => {
    for (const path of ['/', '/people', '/profile', '/departments']) {
      const { text } = await load(people[0]!, path)
      const secrets = [
        ...Object.values(people[0]!.cookies),
        '$2b$',
        world.env.SECRET!,
        world.env.PEPPER!,
        world.env.DATABASE_URL!,
        world.acme.schema,
        world.globex.id,
      ]
      for (const secret of secrets) expect(text).not.toContain(secret)
    }
  })

  test('calls the API with the cookies of its own request, and with no other headers of it, SSR-08', async () => {
    const [one, other] = [
      people.find(({ place }) => place === world.acme)!,
      people.find(({ place }) => place === world.globex)!,
    ]
    const { access } = await signInAs(world.acme, world.acme.staff)
    const headers = {
      'authorization': `Bearer ${access}`,
      'x-forwarded-host': other.place.host,
      'x-forwarded-for': '192.0.2.1',
      'origin': other.place.origin,
      'x-http-method-override': 'DELETE',
      'range': 'bytes=0-9',
    }
    const answer = await one.place.call('/profile', {
      cookies: { ...one.cookies, shop: 'x', tenantry_locale: 'en' },
      accept: 'text/html',
      headers,
    })
    expect([answer.status, people.filter(({ canary }) => answer.text.includes(canary))]).toEqual([200, [one]])
    expect(answer.text).not.toContain(world.acme.staff.email)
    expect((await one.place.call('/profile', { accept: 'text/html', headers })).headers.location).toBe(
      '/login?redirect=/profile',
    )
    expect(
      (await one.place.call('/profile', { cookies: other.cookies, accept: 'text/html', headers })).headers.location,
    ).toBe('/login?redirect=/profile')
  })

  test('does not leak memory, SSR-05', async () => {
    const inspector = await freePort()
    const server = await startBeside(world, { NODE_OPTIONS: `--inspect=127.0.0.1:${inspector}` })
    const heap = await connectToHeap(inspector)
    const render = (count: number) =>
      inTurns(count, i =>
        server.at(people[i % 80]!.place, '/people', { cookies: people[i % 80]!.cookies, accept: 'text/html' }),
      )
    // That allows 50 MB for 10,000 pages.
    const bytesPerPage = 5_000
    const pages = volume(240, 1_000)
    const growths: number[] = []
    // What is still being filled for the first time stops growing; a leak does not.
    do {
      await render(160)
      const before = await heap.usedAfterCollection()
      const answers = await render(pages)
      expect(answers.every(({ status }) => status === 200)).toBe(true)
      growths.push((await heap.usedAfterCollection()) - before)
    } while (growths.at(-1)! >= pages * bytesPerPage && growths.length < 5)
    heap.close()
    await server.stop()
    expect(growths.at(-1), `growths: ${growths.join()}`).toBeLessThan(pages * bytesPerPage)
  })
})

describe('a redirect after signing in', () => {
  // WEB-01, WEB-02 and WEB-04: one who is signed in is sent on by the server.
  test.each([
    '//evil.test',
    '///evil.test',
    'https://evil.test',
    'https:evil.test',
    '/\\evil.test',
    '\\\\evil.test',
    '/%09/evil.test',
    '/%5cevil.test',
    '/x//evil.test',
    'javascript:alert(1)',
    'data:text/html,x',
    '%0d%0aSet-Cookie:%20a=b',
    '/\r\nSet-Cookie: a=b',
    'https://x/"><script>alert(1)</script>',
    '//x/"><script>alert(1)</script>',
    'globex',
  ])('never leads elsewhere, and is not repeated: %j', async target => {
    const redirect = target === 'globex' ? `${world.globex.origin}/people` : target
    const answer = await world.acme.call(`/login?redirect=${encodeURIComponent(redirect)}`, {
      cookies: people[0]!.cookies,
      accept: 'text/html',
    })
    expect([answer.status, answer.headers.location]).toEqual([302, '/'])
    expect(answer.cookies).not.toHaveProperty('a')
    expect(answer.text).not.toMatch(/evil|<script>alert|globex/)
  })

  test('leads to a page of ours, and never to the referring site, WEB-03', async () => {
    const headers = { referer: 'https://evil.test/', origin: 'https://evil.test' }
    const to = (query: string) =>
      world.acme.call(`/login${query}`, { cookies: people[0]!.cookies, accept: 'text/html', headers })
    expect((await to('')).headers.location).toBe('/')
    expect((await to('?redirect=/people?search=a')).headers.location).toBe('/people?search=a')
    const stranger = await world.acme.call('/people', { accept: 'text/html', headers })
    expect(stranger.headers.location).toBe('/login?redirect=/people')
  })
})

describe('cache confusion, WEB-13', () => {
  test('only the cookie decides what is on a page', async () => {
    const cookies = await signInWithCookies(world.acme, world.acme.staff)
    const variants = [
      {},
      { 'x-forwarded-proto': 'https' },
      { 'x-forwarded-host': world.globex.host },
      { 'x-original-url': '/audit' },
      { purpose: 'prefetch' },
      { 'x-nuxt-no-ssr': '1' },
    ]
    for (const headers of variants) {
      for (const path of ['/people', '/people?_payload.json', '/people?/_payload.json']) {
        const answer = await world.acme.call(path, { cookies, accept: 'text/html', headers })
        expect(answer).toMatchObject({
          status: 200,
          headers: { 'content-type': expect.stringMatching(/^text\/html/), 'cache-control': 'private, no-store' },
        })
        expect(answer.text).toContain('<!DOCTYPE html>')
        expect(answer.text).not.toContain(world.globex.host)
      }
    }
  })
})

function load({ place, cookies }: SignedIn, path: string): Promise<Answer> {
  return place.call(path, { cookies, accept: 'text/html' })
}

/**
 * Runs a task this many times, many at once: not so many that one waits too long for a connection on a slow machine.
 * @returns the results
 */
async function inTurns<Result>(count: number, task: (i: number) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = []
  let next = 0
  await Promise.all(
    Array.from({ length: volume(16, 40) }, async () => {
      while (next < count) {
        const i = next++
        results[i] = await task(i)
      }
    }),
  )
  return results
}
