import type { H3Event } from 'h3'
import { expect, it } from 'vitest'
import { serverTransport } from '~/composables/api/server'

type Call = Record<string, unknown>

/** The request of a page, and the API calls made on its behalf. */
function requestPage(headers: Record<string, string>) {
  const calls: Call[] = []
  const localCall = async (call: Call) => {
    calls.push(call)
    return { status: 200, headers: { 'set-cookie': ['tenantry_access=newer; HttpOnly; Path=/'] }, body: '{}' }
  }
  const res = { getHeader: () => undefined, setHeader: () => {} }
  const event = {
    node: { req: { headers }, res },
    context: { localCall, inner: { request_id: '7' } },
  } as unknown as H3Event
  return { transport: serverTransport(event), calls }
}

const request = {
  'host': 'acme.localhost',
  'user-agent': 'Firefox',
  'cookie': 'shop=secret; tenantry_access=a; other_tenantry_access=x;tenantry_refresh=r; tenantry_locale=ar',
  'authorization': 'Bearer b',
  'accept-language': 'ar',
  'x-forwarded-for': '192.0.2.1',
  'x-forwarded-host': 'globex.localhost',
  'x-forwarded-proto': 'https',
  'origin': 'https://evil.test',
  'referer': 'https://evil.test/',
  'content-length': '3',
  'transfer-encoding': 'chunked',
  'connection': 'upgrade',
  'x-http-method-override': 'DELETE',
  'sec-fetch-site': 'cross-site',
  'range': 'bytes=0-1',
}

it('a page takes our own cookies and three headers along to the API, and nothing else of its request, SSR-08', async () => {
  const { transport, calls } = requestPage(request)
  await transport.send('users/', { query: { search: 'a&b' } })
  await transport.send('auth/users/me/', { method: 'PATCH', body: { first_name: 'A' } })
  const headers = {
    'host': 'acme.localhost',
    'user-agent': 'Firefox',
    'cookie': 'tenantry_access=a; tenantry_refresh=r',
  }
  expect(calls).toEqual([
    { url: '/api/v1/users/?search=a%26b', method: 'GET', headers, body: undefined, context: { request_id: '7' } },
    {
      url: '/api/v1/auth/users/me/',
      method: 'PATCH',
      headers: { ...headers, 'content-type': 'application/json', 'sec-fetch-site': 'same-origin' },
      body: '{"first_name":"A"}',
      context: { request_id: '7' },
    },
  ])
})

it('a page without cookies of ours takes none along', async () => {
  const { transport, calls } = requestPage({ host: 'acme.localhost', cookie: 'shop=secret' })
  await transport.send('users/', {})
  expect(calls[0]!.headers).toEqual({ 'host': 'acme.localhost', 'user-agent': '' })
})

it('a page calls no other server, whatever a path says, SSR-08', async () => {
  const { transport, calls } = requestPage(request)
  for (const path of ['//evil.test/', 'https://evil.test/', '@evil.test/', '\\\\evil.test/'])
    await transport.send(path, {})
  expect(calls.map(({ url }) => new URL(String(url), 'http://acme.localhost').host)).toEqual(
    Array(4).fill('acme.localhost'),
  )
})

it('a renewed cookie takes the place of the old one in the calls that follow', async () => {
  const { transport, calls } = requestPage(request)
  expect(await transport.renew()).toBe(true)
  await transport.send('users/', {})
  expect((calls[1]!.headers as Call).cookie).toBe('tenantry_refresh=r; tenantry_access=newer')
})
