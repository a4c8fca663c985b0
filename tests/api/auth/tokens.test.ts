import { spawn } from 'node:child_process'
import type { webcrypto } from 'node:crypto'
import { createHmac, createPublicKey, randomUUID } from 'node:crypto'
import { createServer } from 'node:net'
import { text } from 'node:stream/consumers'
import { CompactEncrypt, SignJWT, decodeJwt, decodeProtectedHeader, generateKeyPair } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Genuine } from '../../support/data/forge.ts'
import { encode, takeApart } from '../../support/data/forge.ts'
import { linesSince } from '../../support/process/log-lines.ts'
import { sendRaw } from '../../support/raw-http.ts'
import { startBeside } from '../../support/process/second-server.ts'
import { compiled, freePort } from '../../support/process/server.ts'
import type { World } from '../../support/world.ts'
import { addPerson, api, auth, createWorld, realmOf, signInAs, signInWithCookies } from '../../support/world.ts'

const invalidToken = '{"detail":"Token is invalid","code":"token_not_valid"}'
const now = () => Math.floor(Date.now() / 1000)

let world: World
let callback: Awaited<ReturnType<typeof listen>>
let access: Genuine
let refresh: Genuine

beforeAll(async () => {
  ;[world, callback] = await Promise.all([createWorld(), listen()])
  await signInAgain()
})
afterAll(async () => {
  await callback.close()
  await world.stop()
})

type Forgery = (genuine: Genuine) => Promise<string> | string
type Forgeries = Record<string, Forgery>

const unsigned =
  (alg: string): Forgery =>
  ({ header, claims }) =>
    `${encode({ ...header, alg })}.${encode(claims)}.`
const claim =
  (changes: object): Forgery =>
  genuine =>
    genuine.with({ claims: changes })
const head =
  (changes: object): Forgery =>
  genuine =>
    genuine.with({ header: changes })
const respelled =
  (change: (parts: [string, string, string]) => string): Forgery =>
  ({ token }) =>
    change(token.split('.') as [string, string, string])

/** Forgeries without the tenant's private key: TOK-01, TOK-02, TOK-17. */
const withoutTheKey: Forgeries = {
  'alg none': unsigned('none'),
  'alg None': unsigned('None'),
  'alg nOnE': unsigned('nOnE'),
  'alg none with the old signature': respelled(
    ([, claims, signature]) => `${encode({ ...access.header, alg: 'none' })}.${claims}.${signature}`,
  ),
  'an empty alg': unsigned(''),
  'no alg': ({ header: { alg: _, ...header }, claims }) => `${encode(header)}.${encode(claims)}.`,
  'an empty signature': respelled(([header, claims]) => `${header}.${claims}.`),
  'no signature part': respelled(([header, claims]) => `${header}.${claims}`),
  'a signature of zeros': respelled(([header, claims]) => `${header}.${claims}.${encode(Buffer.alloc(64))}`),
  'the claims edited': ({ token, claims }) =>
    token.replace(/\.[^.]+\./, `.${encode({ ...claims, user_id: world.acme.admin.id, sub: world.acme.admin.id })}.`),
  "HS256 with the public key's bytes": async genuine =>
    hmac(genuine, 'sha256', 'HS256', Buffer.from((await publicJwk()).x, 'base64url')),
  "HS256 with the public key's text": async genuine => hmac(genuine, 'sha256', 'HS256', (await publicJwk()).x),
  "HS256 with the JWK's text": async genuine => hmac(genuine, 'sha256', 'HS256', JSON.stringify(await publicJwk())),
  'HS256 with the JWKS document': async genuine =>
    hmac(genuine, 'sha256', 'HS256', (await world.acme.call('/.well-known/jwks.json')).text),
  'HS384 with the PEM': async genuine =>
    hmac(
      genuine,
      'sha384',
      'HS384',
      createPublicKey({ key: await publicJwk(), format: 'jwk' }).export({ type: 'spki', format: 'pem' }) as string,
    ),
  'HS512 with an empty secret': genuine => hmac(genuine, 'sha512', 'HS512', ''),
  'RS256 of a stranger': genuine => signedByStranger(genuine, 'RS256'),
  'PS256 of a stranger': genuine => signedByStranger(genuine, 'PS256'),
  'ES256 of a stranger': genuine => signedByStranger(genuine, 'ES256'),
  "EdDSA of a stranger under the tenant's kid": genuine => signedByStranger(genuine, 'EdDSA'),
  'the signature padded': respelled(parts => `${parts.join('.')}==`),
  'the claims padded': respelled(([header, claims, signature]) => `${header}.${claims}=.${signature}`),
  'spare bits set in the signature': ({ token }) =>
    token.slice(0, -1) + { A: 'B', Q: 'R', g: 'h', w: 'x' }[token.at(-1)!]!,
  'the alphabet of plain base64': respelled(
    ([header, claims, signature]) =>
      `${header}.${claims}.${Buffer.from(signature, 'base64url').toString('base64').replace(/=+$/, '').replace(/^/, '+').slice(0, 86)}`,
  ),
  'a blank inside': respelled(
    ([header, claims, signature]) => `${header}.${claims}.${signature.slice(0, 40)} ${signature.slice(40)}`,
  ),
  'a fourth part': ({ token }) => `${token}.AA`,
  'an encrypted token': async ({ claims }) =>
    new CompactEncrypt(Buffer.from(JSON.stringify(claims)))
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
      .encrypt(Buffer.alloc(32)),
  'the JSON serialization': respelled(([header, payload, signature]) =>
    JSON.stringify({ protected: header, payload, signature }),
  ),
  "a link's token": () => encode(Buffer.alloc(32, 7)),
  'an empty object': () => `${encode({})}.${encode({})}.${encode(Buffer.alloc(64))}`,
}

/** Tokens signed with the tenant's own key that its server would not issue: TOK-02 to 06, 09, 10, 13 to 15, 17. */
const withTheKey: Forgeries = {
  'alg Ed25519': head({ alg: 'Ed25519' }),
  'alg ES256 over an EdDSA signature': head({ alg: 'ES256' }),
  'alg in an array': head({ alg: ['EdDSA'] }),
  'no kid': head({ kid: undefined }),
  'an empty kid': head({ kid: '' }),
  'a kid that climbs': head({ kid: '../../../../dev/null' }),
  'a kid with SQL': head({ kid: "' OR 1=1--" }),
  'a kid with NUL': head({ kid: 'a\0b' }),
  'a kid from the prototype': head({ kid: '__proto__' }),
  'a kid in an array': ({ header, with: change }) => change({ header: { kid: [header.kid] } }),
  'a number for a kid': head({ kid: 1 }),
  'an object for a kid': head({ kid: { toString: 'x' } }),
  'a kid of 200 characters': head({ kid: 'k'.repeat(200) }),
  "another tenant's kid": async genuine =>
    genuine.with({
      header: { kid: (await world.app.keys.get(realmOf(world.app, world.globex).realm)).signerAt(new Date()).kid },
    }),
  'jku': genuine => genuine.with({ header: { jku: `${callback.url}/jwks.json` } }),
  'x5u': genuine => genuine.with({ header: { x5u: `${callback.url}/cert.pem` } }),
  'jku and no kid': genuine => genuine.with({ header: { kid: undefined, jku: `${callback.url}/jwks.json` } }),
  'a kid that is an address': genuine => genuine.with({ header: { kid: `${callback.url}/key` } }),
  'an embedded jwk': async genuine => genuine.with({ header: { jwk: await publicJwk() } }),
  'an x5c chain': head({ x5c: ['MIIB'] }),
  'crit b64': head({ crit: ['b64'], b64: true }),
  'b64 false': head({ b64: false }),
  'b64 false and crit': head({ b64: false, crit: ['b64'] }),
  'an unknown crit': head({ 'crit': ['urn:example'], 'urn:example': 1 }),
  'an empty crit': head({ crit: [] }),
  'zip': head({ zip: 'DEF' }),
  'cty': head({ cty: 'JWT' }),
  'no typ': head({ typ: undefined }),
  'typ JWT': head({ typ: 'JWT' }),
  'typ in another case': head({ typ: 'AT+JWT' }),
  'typ in an array': ({ header, with: change }) => change({ header: { typ: [header.typ] } }),
  "the other type's typ": ({ header, with: change }) =>
    change({ header: { typ: header.typ === 'at+jwt' ? 'rt+jwt' : 'at+jwt' } }),
  'token_type of the other type alone': ({ claims, with: change }) =>
    change({ claims: { token_type: claims.token_type === 'access' ? 'refresh' : 'access' } }),
  'an unknown token_type': claim({ token_type: 'reset' }),
  'no token_type': claim({ token_type: undefined }),
  'no iss': claim({ iss: undefined }),
  "another tenant's iss": genuine => genuine.with({ claims: { iss: world.globex.origin } }),
  'iss with a slash more': ({ claims, with: change }) => change({ claims: { iss: `${claims.iss as string}/` } }),
  'iss in an array': ({ claims, with: change }) => change({ claims: { iss: [claims.iss] } }),
  'no aud': claim({ aud: undefined }),
  "another tenant's aud": genuine => genuine.with({ claims: { aud: world.globex.id } }),
  'aud platform': claim({ aud: 'platform' }),
  'aud in an array': ({ claims, with: change }) => change({ claims: { aud: [claims.aud] } }),
  'aud with a second one': ({ claims, with: change }) => change({ claims: { aud: [claims.aud, world.globex.id] } }),
  'no exp': claim({ exp: undefined }),
  'exp as a text': ({ claims, with: change }) => change({ claims: { exp: String(claims.exp) } }),
  'exp with a fraction': ({ claims, with: change }) => change({ claims: { exp: (claims.exp as number) - 0.5 } }),
  'exp without end': ({ sign, header, claims }) =>
    sign(header, JSON.stringify(claims).replace(/"exp":\d+/, '"exp":1e308')),
  'exp past all numbers': ({ sign, header, claims }) =>
    sign(header, JSON.stringify(claims).replace(/"exp":\d+/, '"exp":1e999')),
  'exp null': claim({ exp: null }),
  'a longer life than ours': ({ claims, with: change }) => change({ claims: { exp: (claims.exp as number) + 1 } }),
  'no iat': claim({ iat: undefined }),
  'iat as a text': ({ claims, with: change }) => change({ claims: { iat: String(claims.iat) } }),
  'iat tomorrow': () => access.with({ claims: { iat: now() + 86_400, exp: now() + 86_460 } }),
  'nbf in a minute': () => access.with({ claims: { nbf: now() + 60 } }),
  'no jti': claim({ jti: undefined }),
  'no sid': claim({ sid: undefined }),
  'sid that is no id': claim({ sid: "' OR 1=1--" }),
  'sid in an array': ({ claims, with: change }) => change({ claims: { sid: [claims.sid] } }),
  'no sub': claim({ sub: undefined }),
  'sub of someone else': genuine => genuine.with({ claims: { sub: world.acme.admin.id } }),
  'user_id of someone else': genuine => genuine.with({ claims: { user_id: world.acme.admin.id } }),
  'user_id a number': claim({ user_id: 1, sub: 1 }),
  'user_id an object': claim({ user_id: { id: 1 }, sub: { id: 1 } }),
  'user_id that is no id': claim({ user_id: '1', sub: '1' }),
  'a name twice in the claims': ({ sign, header, claims }) =>
    sign(header, JSON.stringify(claims).replace('{', `{"user_id":"${world.acme.admin.id}",`)),
  'a name twice in the header': ({ sign, header, claims }) =>
    sign(JSON.stringify(header).replace('{', '{"alg":"none",'), claims),
  'claims that are an array': ({ sign, header }) => sign(header, '[]'),
  'claims that are null': ({ sign, header }) => sign(header, 'null'),
  'claims that are no JSON': ({ sign, header }) => sign(header, 'claims'),
  'a header that is no JSON': ({ sign, claims }) => sign('header', claims),
}

describe('an access token', () => {
  test("that is signed again with the tenant's own key, unchanged, is accepted: the variants below are refused for their one change", async () => {
    const answer = await me(await access.with({}))
    expect(answer.status).toBe(200)
    expect(answer.json.id).toBe(world.acme.staff.id)
  })

  test.each(Object.entries({ ...withoutTheKey, ...withTheKey }))(
    'with %s is refused, in a header, in a cookie and by verify',
    async (_, forge) => {
      const token = await forge(access)
      const answers = await Promise.all([
        me(token),
        world.acme.call(`${auth}/users/me/`, { cookies: { tenantry_access: token } }),
      ])
      for (const answer of answers) {
        expect(answer.status).toBe(401)
        expect(answer.headers['www-authenticate']).toBe('Bearer realm="api"')
        expect(['token_not_valid', 'bad_authorization_header']).toContain(answer.json.code)
      }
      const verified = await verify(token)
      expect([verified.status, verified.text]).toEqual([401, invalidToken])
    },
  )

  test('is refused from the second of its expiry on, and says so', async () => {
    const expired = await me(await access.with({ claims: { iat: now() - 60, exp: now() } }))
    expect(expired.status).toBe(401)
    expect(expired.json).toEqual({
      detail: 'Given token not valid for any token type',
      code: 'token_not_valid',
      messages: [{ token_class: 'AccessToken', token_type: 'access', message: 'Token is expired' }],
    })
    expect((await me(await access.with({ claims: { iat: now() - 60, exp: -1 } }))).status).toBe(401)
    expect((await me(await access.with({ claims: { iat: now() - 60, exp: now() + 2 } }))).status).toBe(200)
  })

  test('is refused for a missing user or session, or a session of someone else', async () => {
    const nobody = await access.with({ claims: { user_id: randomUUID(), sub: world.acme.staff.id } })
    const stranger = randomUUID()
    const admin = decodeJwt((await signInAs(world.acme, world.acme.admin)).access)
    expect((await me(nobody)).status).toBe(401)
    expect((await me(await access.with({ claims: { user_id: stranger, sub: stranger } }))).json.code).toBe(
      'user_not_found',
    )
    expect((await me(await access.with({ claims: { sid: randomUUID() } }))).json.code).toBe('session_revoked')
    expect((await me(await access.with({ claims: { sid: admin.sid } }))).json.code).toBe('session_revoked')
    expect((await me(await access.with({ claims: { user_id: admin.sub, sub: admin.sub } }))).json.code).toBe(
      'session_revoked',
    )
  })

  test('of a deleted user is invalid, also when the address is in use again', async () => {
    const email = 'leaver@example.com'
    const leaver = await addPerson(world, world.acme, email)
    const sameAddressElsewhere = await addPerson(world, world.globex, email)
    const pair = await signInAs(world.acme, leaver)
    const other = await signInAs(world.globex, sameAddressElsewhere)
    const admin = await signInAs(world.acme, world.acme.admin)
    const deleted = await world.acme.call(`${auth}/users/${leaver.id}/`, {
      method: 'DELETE',
      token: admin.access,
      body: { current_password: world.acme.admin.password },
    })
    expect(deleted.status).toBe(204)
    for (const again of [false, true]) {
      if (again) await addPerson(world, world.acme, email)
      expect((await me(pair.access)).json).toEqual({ detail: 'User not found', code: 'user_not_found' })
      expect((await verify(pair.access)).status).toBe(401)
      const refreshed = await world.acme.call(`${auth}/jwt/refresh/`, { body: { refresh: pair.refresh } })
      expect([refreshed.status, refreshed.json]).toEqual([
        401,
        { detail: 'No active account found for the given token.' },
      ])
    }
    expect((await world.globex.call(`${auth}/users/me/`, { token: other.access })).status).toBe(200)
  })
})

describe('a refresh token', () => {
  beforeAll(signInAgain)

  test.each(
    Object.entries({
      ...withoutTheKey,
      ...withTheKey,
      'no seq': claim({ seq: undefined }),
      'a seq past all integers': claim({ seq: 2 ** 40 }),
      'a seq below zero': claim({ seq: -1 }),
      'seq as a text': claim({ seq: '0' }),
    }),
  )('with %s is refused by refresh, blacklist and verify, and its session goes on', async (_, forge) => {
    const token = await forge(refresh)
    for (const endpoint of ['refresh', 'blacklist']) {
      const answer = await world.acme.call(`${auth}/jwt/${endpoint}/`, { body: { refresh: token } })
      expect([answer.status, answer.json.code]).toEqual([401, 'token_not_valid'])
    }
    const verified = await verify(token)
    expect([verified.status, verified.text]).toEqual([401, invalidToken])
    expect((await verify(refresh.token)).status).toBe(200)
  })

  test('that is signed again without changes is the same, byte for byte', async () => {
    expect(await refresh.with({})).toBe(refresh.token)
    expect((await world.acme.call(`${auth}/jwt/refresh/`, { body: { refresh: refresh.token } })).status).toBe(200)
  })
})

describe('one type of token in the place of another, TOK-12', () => {
  beforeEach(signInAgain)

  test('a refresh token opens no protected route', async () => {
    const answer = await me(refresh.token)
    expect(answer.status).toBe(401)
    expect(answer.json).toMatchObject({ code: 'token_not_valid', messages: [{ message: 'Token has wrong type' }] })
  })

  test.each(['refresh', 'blacklist'])('an access token is none to jwt/%s', async endpoint => {
    const answer = await world.acme.call(`${auth}/jwt/${endpoint}/`, { body: { refresh: access.token } })
    expect([answer.status, answer.json]).toEqual([401, { detail: 'Token has wrong type', code: 'token_not_valid' }])
    expect((await me(access.token)).status).toBe(200)
  })

  test('a cookie of the one is none of the other', async () => {
    const swapped = { tenantry_access: refresh.token, tenantry_refresh: access.token }
    expect((await world.acme.call(`${auth}/users/me/`, { cookies: swapped })).status).toBe(401)
    const refreshed = await world.acme.call(`${auth}/session/refresh/`, {
      method: 'POST',
      cookies: swapped,
      sameOrigin: true,
    })
    expect([refreshed.status, refreshed.cookies]).toEqual([401, {}])
  })
})

describe('no token makes the server fetch a key, TOK-03 and TOK-04', () => {
  test('a kid of almost a megabyte is an invalid token, and one of more is too large', async () => {
    const long = await access.with({ header: { kid: 'k'.repeat(700_000) } })
    expect([(await verify(long)).status, (await verify(long)).text]).toEqual([401, invalidToken])
    expect((await verify(await access.with({ header: { kid: 'k'.repeat(1_000_000) } }))).status).toBe(413)
  })

  test('none of the tokens that name a URL caused a request', () => {
    expect(callback.connections()).toBe(0)
  })
})

describe('a token of one tenant at another, TOK-07', () => {
  beforeEach(signInAgain)

  const names = ['an Authorization header', 'a cookie', 'both'] as const
  test.each(names)('is refused in %s, and the log names both tenants', async name => {
    const before = world.server.log.length
    const answer = await world.globex.call(`${auth}/users/me/`, {
      ...(name === 'a cookie' ? {} : { token: access.token }),
      ...(name === 'an Authorization header' ? {} : { cookies: { tenantry_access: access.token } }),
    })
    expect(answer.status).toBe(401)
    expect(answer.text).not.toContain(world.acme.staff.id)
    expect(await crossings(before)).toEqual([
      expect.objectContaining({ level: 'warn', tenant: world.globex.id, token_tenant: world.acme.id }),
    ])
    expect((await me(access.token)).status).toBe(200)
  })

  test.each(['refresh', 'blacklist'])(
    'is refused by jwt/%s there, logged, and its session at home goes on',
    async endpoint => {
      const before = world.server.log.length
      const answer = await world.globex.call(`${auth}/jwt/${endpoint}/`, { body: { refresh: refresh.token } })
      expect([answer.status, answer.text]).toEqual([401, invalidToken])
      expect(await crossings(before)).toHaveLength(1)
      expect((await world.acme.call(`${auth}/jwt/refresh/`, { body: { refresh: refresh.token } })).status).toBe(200)
    },
  )

  test('is refused by verify there, access and refresh alike, and logged', async () => {
    const before = world.server.log.length
    for (const { token } of [access, refresh]) {
      const answer = await world.globex.call(`${auth}/jwt/verify/`, { body: { token } })
      expect([answer.status, answer.text]).toEqual([401, invalidToken])
    }
    expect(await crossings(before)).toHaveLength(2)
  })

  test("an operator's token opens no portal, and a tenant's none of the console", async () => {
    const operator = await signInAs(world.console, world.console.admin)
    expect((await me(operator.access)).status).toBe(401)
    const admin = await signInAs(world.acme, world.acme.admin)
    for (const path of [`${auth}/users/me/`, `${api}/tenants/`]) {
      expect((await world.console.call(path, { token: admin.access })).status).toBe(401)
      expect((await world.console.call(path, { token: operator.access })).status).toBe(200)
    }
  })

  test("one signed by another tenant's key with this tenant's issuer, audience and users is refused", async () => {
    const globex = await signInAs(world.globex, world.globex.staff)
    const forger = takeApart(world, world.globex, globex.access)
    const { iss, aud, sub, user_id, sid } = access.claims
    const claims = { iss, aud, sub, user_id, sid }
    expect((await me(await forger.with({ claims }))).status).toBe(401)
    expect((await me(await forger.with({ claims, header: { kid: access.header.kid } }))).status).toBe(401)
    expect((await me(await access.with({}))).status).toBe(200)
  })

  async function crossings(since: number) {
    return (await linesSince(world, since)).filter(line => line.event === 'foreign_token_rejected')
  }
})

describe('the Authorization header, TOK-18', () => {
  test.each([
    ['bearer in lower case', 'bearer '],
    ['BEARER in capitals', 'BEARER '],
    ['several blanks', 'Bearer   '],
    ['the scheme of djoser’s guide', 'JWT '],
    ['the same in lower case', 'jwt '],
  ])('%s is taken', async (_, scheme) => {
    const answer = await withAuthorization(`${scheme}${access.token}`)
    expect(answer.status).toBe(200)
  })

  test.each([
    ['no scheme', () => access.token, 'Authentication credentials were not provided.'],
    ['another scheme', () => `Token ${access.token}`, 'Authentication credentials were not provided.'],
    ['Basic', () => `Basic ${encode('ann@example.com:x')}`, 'Authentication credentials were not provided.'],
    ['nothing', () => '', 'Authentication credentials were not provided.'],
    ['a scheme glued to its token', () => `Bearer${access.token}`, 'Authentication credentials were not provided.'],
    [
      'a scheme that begins like another',
      () => `JWTS ${access.token}`,
      'Authentication credentials were not provided.',
    ],
    ['a scheme alone', () => 'Bearer', 'Authorization header must contain two space-delimited values'],
    ['a scheme and a blank', () => 'Bearer ', 'Authorization header must contain two space-delimited values'],
    [
      'two tokens',
      () => `Bearer ${access.token} ${access.token}`,
      'Authorization header must contain two space-delimited values',
    ],
    [
      'a list',
      () => `Bearer ${access.token}, Bearer ${access.token}`,
      'Authorization header must contain two space-delimited values',
    ],
    [
      'a list without blanks',
      () => `Bearer ${access.token},${access.token}`,
      'Given token not valid for any token type',
    ],
    ['a quoted token', () => `Bearer "${access.token}"`, 'Given token not valid for any token type'],
  ])('%s opens nothing', async (_, value, detail) => {
    const answer = await withAuthorization(value())
    expect([answer.status, answer.json.detail]).toEqual([401, detail])
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="api"')
  })

  test('two headers are refused, even with the same value', async () => {
    const line = `Authorization: Bearer ${access.token}`
    const answer = await sendRaw(world.port, [
      'GET /api/v1/auth/users/me/ HTTP/1.1',
      `Host: ${world.acme.host}`,
      line,
      line,
    ])
    expect(answer.status).toBe(400)
    expect(answer.body).not.toContain(world.acme.staff.email)
  })

  test('one of 64 kB is refused before anyone looks at it', async () => {
    const lines = [
      'GET /api/v1/auth/users/me/ HTTP/1.1',
      `Host: ${world.acme.host}`,
      `Authorization: Bearer ${'x'.repeat(65_536)}`,
    ]
    // The server may close the connection before it has read everything, so that its answer is lost.
    const status = await sendRaw(world.port, lines).then(
      answer => answer.status,
      (error: NodeJS.ErrnoException) => error.code,
    )
    expect([431, 'ECONNRESET', 'EPIPE']).toContain(status)
  })

  test.each([
    ['NUL', '\0'],
    ['a line break', '\n'],
    ['a byte above ASCII', '\xA0'],
  ])('one with %s is refused', async (_, byte) => {
    const answer = await sendRaw(world.port, [
      'GET /api/v1/auth/users/me/ HTTP/1.1',
      `Host: ${world.acme.host}`,
      `Authorization: Bearer ${access.token}${byte}x`,
    ])
    expect([400, 401]).toContain(answer.status)
  })

  test('a damaged cookie is refused', async () => {
    for (const value of ['%ZZ', '"', '%00', access.token.slice(0, -1), `"${access.token}"`]) {
      expect((await world.acme.call(`${auth}/users/me/`, { cookies: { tenantry_access: value } })).status).toBe(401)
    }
  })

  test('a public route ignores it', async () => {
    const { email, password } = world.acme.staff
    const answer = await world.acme.call(`${auth}/jwt/create/`, {
      body: { email, password },
      headers: { authorization: 'Bearer nonsense' },
    })
    expect(answer.status).toBe(200)
  })

  const withAuthorization = (authorization: string) =>
    world.acme.call(`${auth}/users/me/`, { headers: { authorization } })
})

describe('a header and a cookie of different people, TOK-20', () => {
  test('the header wins', async () => {
    const cookies = await signInWithCookies(world.acme, world.acme.admin)
    const answer = await world.acme.call(`${auth}/users/me/`, { token: access.token, cookies })
    expect(answer.json.id).toBe(world.acme.staff.id)
  })

  test('a bad header is not made good by a good cookie', async () => {
    const cookies = await signInWithCookies(world.acme, world.acme.admin)
    expect((await world.acme.call(`${auth}/users/me/`, { token: `${access.token}x`, cookies })).status).toBe(401)
    expect((await world.acme.call(`${auth}/users/me/`, { headers: { authorization: 'Bearer' }, cookies })).status).toBe(
      401,
    )
  })

  test("a change is made by the header's user", async () => {
    const cookies = await signInWithCookies(world.acme, world.acme.admin)
    const answer = await world.acme.call(`${auth}/users/me/`, {
      method: 'PATCH',
      token: access.token,
      cookies,
      body: { first_name: 'Header' },
    })
    expect(answer.json).toMatchObject({ id: world.acme.staff.id, first_name: 'Header' })
    expect((await world.acme.call(`${auth}/users/me/`, { cookies })).json.first_name).not.toBe('Header')
  })

  test('an Authorization header of another scheme is no way around the check for cross-site requests', async () => {
    const cookies = await signInWithCookies(world.acme, world.acme.admin)
    const answer = await world.acme.call(`${auth}/users/me/`, {
      method: 'PATCH',
      cookies,
      body: { first_name: 'Forged' },
      headers: { 'authorization': 'Basic YTpi', 'origin': world.globex.origin, 'sec-fetch-site': 'same-site' },
    })
    expect([answer.status, answer.json.code]).toEqual([403, 'cross_site'])
  })
})

describe('jwt/verify, TOK-21', () => {
  beforeEach(signInAgain)

  test('takes access and refresh tokens', async () => {
    for (const { token } of [access, refresh]) {
      const answer = await verify(token)
      expect([answer.status, answer.json]).toEqual([200, {}])
    }
  })

  test.each([
    ['nothing', {}],
    ['null', { token: null }],
    ['a number', { token: 1 }],
    ['an array', { token: ['x'] }],
    ['an object', { token: {} }],
    ['a blank', { token: ' ' }],
    ['an empty text', { token: '' }],
    ['NUL', { token: '\0' }],
  ])('gives %s the same answer as every bad token', async (_, body) => {
    const answer = await world.acme.call(`${auth}/jwt/verify/`, { body })
    expect([answer.status, answer.text]).toEqual([401, invalidToken])
  })

  test('gives the same answer to an expired token, and to a valid one whose session or user is not active', async () => {
    const person = await addPerson(world, world.acme, 'verified@example.com')
    const pair = await signInAs(world.acme, person)
    expect((await verify(pair.access)).status).toBe(200)
    const admin = await signInAs(world.acme, world.acme.admin)
    await world.acme.call(`${auth}/users/${person.id}/`, {
      method: 'PATCH',
      token: admin.access,
      body: { is_active: false },
    })
    await world.acme.call(`${auth}/jwt/blacklist/`, { body: { refresh: refresh.token } })
    for (const token of [
      pair.access,
      pair.refresh,
      access.token,
      refresh.token,
      await access.with({ claims: { iat: now() - 60, exp: now() - 1 } }),
    ]) {
      const answer = await verify(token)
      expect([answer.status, answer.text]).toEqual([401, invalidToken])
    }
  })
})

describe('what tokens say, TOK-19', () => {
  test('hundreds of them have different jti, and none contains personal data', async () => {
    const person = await addPerson(world, world.acme, 'carol.nightingale@example.com', {
      password: 'grandfather clocks at noon',
    })
    const namesake = await addPerson(world, world.globex, 'carol.nightingale@example.com')
    const tokens: string[] = []
    for (let login = 0; login < 10; login++) {
      for (const [place, who] of [
        [world.acme, person],
        [world.globex, namesake],
      ] as const) {
        let pair = await signInAs(place, who)
        tokens.push(pair.access, pair.refresh)
        for (let i = 0; i < 12; i++) {
          pair = (await place.call(`${auth}/jwt/refresh/`, { body: { refresh: pair.refresh } })).json
          tokens.push(pair.access, pair.refresh)
        }
      }
    }
    const claims = tokens.map(token => decodeJwt(token))
    expect(new Set(claims.map(({ jti }) => jti)).size).toBe(tokens.length)
    for (const { jti } of claims) expect(Buffer.from(jti!, 'base64url').length).toBeGreaterThanOrEqual(16)
    const names = ['token_type', 'exp', 'iat', 'jti', 'user_id', 'iss', 'aud', 'sub', 'sid']
    for (const claim of claims)
      expect(Object.keys(claim)).toEqual([
        ...names,
        ...(claim.token_type === 'refresh' ? ['seq'] : ['auth_time', 'amr']),
      ])
    for (const token of tokens) {
      expect(Object.keys(decodeProtectedHeader(token)).sort()).toEqual(['alg', 'kid', 'typ'])
      const text = token
        .split('.')
        .slice(0, 2)
        .map(part => Buffer.from(part, 'base64url').toString())
        .join()
      expect(text).not.toMatch(/carol|nightingale|example\.com|Staff|Admin|\$2|password/i)
    }
  })

  test('they are valid for the announced time: two minutes, and seven days', async () => {
    const server = await startBeside(world, { ACCESS_TTL: '' })
    const { json: pair } = await server.at(world.acme, `${auth}/jwt/create/`, { body: world.acme.staff })
    await server.stop()
    const [access, refresh] = [takeApart(world, world.acme, pair.access), takeApart(world, world.acme, pair.refresh)]
    expect(Number(access.claims.exp) - Number(access.claims.iat)).toBe(120)
    expect(Number(refresh.claims.exp) - Number(refresh.claims.iat)).toBe(604_800)
    expect(access.header).toEqual({ alg: 'EdDSA', typ: 'at+jwt', kid: expect.any(String) })
    expect(refresh.header).toEqual({ alg: 'EdDSA', typ: 'rt+jwt', kid: access.header.kid })
    expect(access.claims).toMatchObject({
      iss: world.acme.origin,
      aud: world.acme.id,
      sub: world.acme.staff.id,
      user_id: world.acme.staff.id,
      sid: refresh.claims.sid,
    })
  })

  test('the public keys of a tenant are its own, public, and nothing more', async () => {
    const [acme, globex] = await Promise.all([
      world.acme.call('/.well-known/jwks.json'),
      world.globex.call('/.well-known/jwks.json'),
    ])
    expect(acme.json).toEqual({
      keys: [{ kty: 'OKP', crv: 'Ed25519', use: 'sig', alg: 'EdDSA', kid: access.header.kid, x: expect.any(String) }],
    })
    expect(globex.json.keys[0].x).not.toBe(acme.json.keys[0].x)
    expect(globex.json.keys[0].kid).not.toBe(acme.json.keys[0].kid)
  })
})

describe('a server in production, TOK-16', () => {
  const good = 'q8Zt5mKx2Wc9Rb4Nf7Lh1Pd6Vs3Jy0Ga'
  test.each([
    ['SECRET', 'missing', undefined],
    ['SECRET', 'of 31 bytes', good.slice(1)],
    ['SECRET', 'changeme', 'changeme'],
    ['SECRET', 'changeme, long enough', 'changeme-Changeme-CHANGEME-0123456789'],
    ['SECRET', 'one character over and over', 'a'.repeat(64)],
    ['PEPPER', 'missing', undefined],
    ['PEPPER', 'of 8 characters', 'kX7pQ2mZ'],
    ['PEPPER', 'an example', 'this-is-an-example-pepper-of-enough-bytes'],
  ])('does not start with a %s that is %s, and does not print it', async (name, _, value) => {
    const { code, output } = await start({ SECRET: good, PEPPER: `${good}${good}`, [name]: value })
    expect(code).toBe(1)
    expect(output).toMatch(/^[^\n]+\n$/)
    const reason = expect.stringMatching(new RegExp(`^${name}: [^\n]+$`))
    expect(JSON.parse(output)).toMatchObject({ level: 'fatal', event: 'config_rejected', reason })
    if (value) expect(output).not.toContain(value)
  })

  async function start(settings: Record<string, string | undefined>): Promise<{ code: number | null; output: string }> {
    const env = {
      PATH: process.env.PATH,
      NODE_ENV: 'production',
      NODE_COMPILE_CACHE: compiled,
      DATA_DIR: '/dev/null/none',
      DATABASE_URL: world.env.DATABASE_URL,
      PORT: String(await freePort()),
      ...settings,
    }
    const child = spawn(process.execPath, ['.output/server/index.mjs'], { env, stdio: ['ignore', 'pipe', 'pipe'] })
    const [stdout, stderr, code] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      new Promise<number | null>(resolve => child.once('exit', resolve)),
    ])
    return { code, output: stdout + stderr }
  }
})

async function signInAgain(): Promise<void> {
  const pair = await signInAs(world.acme, world.acme.staff)
  access = takeApart(world, world.acme, pair.access)
  refresh = takeApart(world, world.acme, pair.refresh)
}

const me = (token: string) => world.acme.call(`${auth}/users/me/`, { token })
const verify = (token: string) => world.acme.call(`${auth}/jwt/verify/`, { body: { token } })

async function publicJwk(): Promise<{ kty: string; crv: string; x: string; kid: string }> {
  return (await world.acme.call('/.well-known/jwks.json')).json.keys[0]
}

function hmac({ header, claims }: Genuine, hash: string, alg: string, secret: string | Buffer): string {
  const signed = `${encode({ ...header, alg })}.${encode(claims)}`
  return `${signed}.${createHmac(hash, secret).update(signed).digest('base64url')}`
}

async function signedByStranger({ header, claims }: Genuine, alg: string): Promise<string> {
  const { privateKey } = (await generateKeyPair(alg)) as { privateKey: webcrypto.CryptoKey }
  return new SignJWT(claims).setProtectedHeader({ ...header, alg }).sign(privateKey)
}

/** A server on loopback that counts its connections. */
async function listen() {
  let connections = 0
  const server = createServer(socket => {
    connections++
    socket.destroy()
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  return {
    url: `http://127.0.0.1:${port}`,
    connections: () => connections,
    close: () => new Promise(resolve => server.close(resolve)),
  }
}
