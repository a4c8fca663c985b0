import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Tokens } from '../../../client/src/index.ts'
import { createConsoleClient, createPortalClient, createSiteClient, SignInError } from '../../../client/src/index.ts'
import { addTotp } from '../../support/data/factors.ts'
import { addSignedIn } from '../../support/data/many-people.ts'
import { codeOf } from '../../support/data/totp.ts'
import type { Place, World } from '../../support/world.ts'
import { addPerson, createWorld } from '../../support/world.ts'

let world: World
beforeAll(async () => {
  world = await createWorld({ ACCESS_TTL: '2', SIGNUP: 'open' })
})
afterAll(() => world.stop())

describe('the client', () => {
  test('signs in, and knows the types of what it sends and gets', async () => {
    const acme = createPortalClient({ ...at(world.acme), credentials: world.acme.admin })
    const { data: me } = await acme.GET('/api/v1/auth/users/me/')
    expect([me?.id, me?.role]).toEqual([world.acme.admin.id, 'Admin'])
    const { data: made, response } = await acme.POST('/api/v1/departments/', { body: { name: 'Design' } })
    expect([response.status, made?.name]).toEqual([201, 'Design'])
    const { error } = await acme.POST('/api/v1/departments/', { body: { name: 'Design' } })
    expect(error).toEqual({ name: ['A department with this name already exists.'] })
    const globex = createPortalClient({ ...at(world.globex), credentials: world.globex.admin })
    expect(
      (await globex.GET('/api/v1/departments/{id}/', { params: { path: { id: made!.id } } })).response.status,
    ).toBe(404)
    const operator = createConsoleClient({ ...at(world.console), credentials: world.console.admin })
    expect((await operator.GET('/api/v1/overview/')).data?.tenants.active).toBe(2)
    const site = createSiteClient({ ...at(sitePlace()) })
    expect((await site.GET('/api/v1/signup/')).data?.policy).toBe('open')
  })

  test('renews its tokens once for all calls, and keeps the pair that works', async () => {
    const pairs: Tokens[] = []
    const sent: string[] = []
    const acme = createPortalClient({
      ...at(world.acme, sent),
      credentials: world.acme.staff,
      onTokens: tokens => pairs.push(tokens),
    })
    expect((await acme.GET('/api/v1/auth/users/me/')).response.status).toBe(200)
    await expired(pairs[0]!)
    const answers = await Promise.all(Array.from({ length: 12 }, () => acme.GET('/api/v1/auth/users/me/')))
    expect(answers.map(({ data }) => data?.id)).toEqual(Array(12).fill(world.acme.staff.id))
    expect(sent.filter(path => path.includes('/refresh/'))).toHaveLength(1)
    expect(pairs).toHaveLength(2)
    const next = createPortalClient({ ...at(world.acme), tokens: pairs[1] })
    expect((await next.GET('/api/v1/auth/users/me/')).data?.id).toBe(world.acme.staff.id)
  })

  test('signs in again when its session was ended, or says that it cannot', async () => {
    const acme = createPortalClient({ ...at(world.acme), credentials: world.acme.staff })
    await acme.GET('/api/v1/auth/users/me/')
    const admin = createPortalClient({ ...at(world.acme), credentials: world.acme.admin })
    await admin.DELETE('/api/v1/sessions/', { params: { query: { user: world.acme.staff.id } } })
    expect((await acme.GET('/api/v1/auth/users/me/')).data?.id).toBe(world.acme.staff.id)
    const wrong = createPortalClient({ ...at(world.globex), credentials: { ...world.globex.staff, password: 'no' } })
    await expect(wrong.GET('/api/v1/auth/users/me/')).rejects.toThrow(SignInError)
    const stranger = createPortalClient(at(world.globex))
    expect((await stranger.GET('/api/v1/auth/users/me/')).response.status).toBe(401)
  })

  test('gives a second factor where one is required, or says that it is missing or wrong', async () => {
    const person = await addTotp(world.acme, await addPerson(world, world.acme, 'two-steps@example.com'))
    const asked: string[][] = []
    const withCode = (code: string) =>
      createPortalClient({
        ...at(world.acme),
        credentials: person,
        secondFactor(methods) {
          asked.push(methods)
          return { code }
        },
      }).GET('/api/v1/auth/users/me/')
    expect((await withCode(codeOf(person.secret))).data?.id).toBe(person.id)
    expect(asked).toEqual([['totp', 'recovery_code']])
    await expect(withCode('000000')).rejects.toThrow('Invalid code.')
    const without = createPortalClient({ ...at(world.acme), credentials: person })
    await expect(without.GET('/api/v1/auth/users/me/')).rejects.toThrow('A second factor is required.')
  })

  test('sends again what only reads or creates, and never what changes something', async () => {
    const id = world.acme.staff.id
    const calls = [
      [(client: Portal) => client.GET('/api/v1/auth/users/me/'), 3],
      [(client: Portal) => client.POST('/api/v1/departments/', { body: { name: 'Sales' } }), 3],
      [(client: Portal) => client.POST('/api/v1/invitations/{id}/resend/', { params: { path: { id } } }), 3],
      [(client: Portal) => client.PATCH('/api/v1/organization/', { body: { name: 'Acme' } }), 1],
      [(client: Portal) => client.POST('/api/v1/auth/users/reset_password/', { body: { email: 'a@example.com' } }), 1],
    ] as const
    for (const [call, sendings] of calls) {
      const sent: (string | null)[] = []
      const busy = createPortalClient({
        ...at(world.acme),
        fetch: async input => {
          const { headers } = input as Request
          sent.push(headers.get('idempotency-key'))
          if (sent.length === 2) throw new TypeError('fetch failed')
          return new Response('{}', { status: sent.length === 1 ? 503 : 409, headers: { 'retry-after': '0' } })
        },
        retries: { attempts: 3, longestWait: 10 },
      })
      expect((await call(busy)).response.status).toBe(sendings === 3 ? 409 : 503)
      expect(sent).toHaveLength(sendings)
      expect(new Set(sent).size).toBe(1)
    }
  })

  test('creates one thing, and gets its answer, when the first answer was lost', async () => {
    for (const place of [world.acme, world.globex]) {
      const { fetch: send, baseUrl } = at(place)
      let lost = 0
      const client = createPortalClient({
        baseUrl,
        credentials: place.admin,
        fetch: async (input, init) => {
          const response = await send(input, init)
          const url = input instanceof Request ? input.url : String(input)
          const isFirst = url.endsWith('/departments/') && lost++ === 0
          if (!isFirst) return response
          throw new TypeError('terminated')
        },
        retries: { attempts: 3, longestWait: 10 },
      })
      const { data, response } = await client.POST('/api/v1/departments/', { body: { name: 'Lost and found' } })
      expect([response.status, data?.name, lost]).toEqual([201, 'Lost and found', 2])
      const own = await client.POST('/api/v1/departments/', {
        body: { name: 'Lost and found' },
        headers: { 'Idempotency-Key': 'another' },
      })
      expect(own.response.status).toBe(400)
    }
  })

  test('goes through all pages of a list', async () => {
    await addSignedIn(world, world.globex, 130)
    const sent: string[] = []
    const globex = createPortalClient({ ...at(world.globex, sent), credentials: world.globex.admin })
    const emails = new Set<string>()
    for await (const { email } of globex.rows<{ email: string }>('/api/v1/users/', { search: 'wren' }))
      emails.add(email)
    expect(emails.size).toBe(130)
    expect(sent.filter(path => path.includes('/users/?'))).toHaveLength(2)
  })
})

type Portal = ReturnType<typeof createPortalClient>

/** The address of a place, and a fetch that reaches it by its name. */
function at({ host }: Pick<Place, 'host'>, sent: string[] = []) {
  const send: typeof fetch = async (input, init) => {
    const request = new Request(input, init)
    const { pathname, search } = new URL(request.url)
    sent.push(pathname + search)
    const text = await request.text()
    const answer = await world.call(host, pathname + search, {
      method: request.method,
      headers: Object.fromEntries(request.headers),
      body: text ? (JSON.parse(text) as object) : undefined,
    })
    const headers = { 'content-type': String(answer.headers['content-type']) }
    return new Response(answer.status === 204 ? null : answer.text, { status: answer.status, headers })
  }
  return { baseUrl: `http://${host}`, fetch: send }
}

function sitePlace() {
  return { host: `localhost:${world.port}` }
}

function expired({ access }: Tokens): Promise<void> {
  const { exp } = JSON.parse(Buffer.from(access.split('.')[1]!, 'base64url').toString()) as { exp: number }
  return new Promise(resolve => setTimeout(resolve, Math.max(0, exp * 1_000 - Date.now()) + 1_100))
}
