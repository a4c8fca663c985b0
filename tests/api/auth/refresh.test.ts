import { eq } from 'drizzle-orm'
import { decodeJwt } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { takeApart } from '../../support/data/forge.ts'
import type { Answer } from '../../support/http.ts'
import type { SecondServer } from '../../support/process/second-server.ts'
import { startBeside } from '../../support/process/second-server.ts'
import type { Place, World } from '../../support/world.ts'
import { addPerson, api, auth, createWorld, realmOf, signInAs, signInWithCookies } from '../../support/world.ts'

/** Seconds: longer than each of these tests takes. */
const grace = 3_600
const refreshLife = 86_400

interface Pair {
  access: string
  refresh: string
}

const blacklisted = { detail: 'Token is blacklisted', code: 'token_not_valid' }
const expired = { detail: 'Token is expired', code: 'token_not_valid' }
const ended = { detail: 'Session has ended.', code: 'session_revoked' }

let world: World
let beside: SecondServer
/** Tokens of Acme's staff, new for each test. */
let pair: Pair

beforeAll(async () => {
  world = await createWorld({ REFRESH_GRACE: String(grace), REFRESH_TTL: String(refreshLife) })
  beside = await startBeside(world)
})
beforeEach(async () => {
  pair = await signInAs(world.acme, world.acme.staff)
})
afterAll(async () => {
  await beside.stop()
  await world.stop()
})

describe('a refresh', () => {
  test('gives a new access and a new refresh token, and both old session and place stay the same, REF-01', async () => {
    const answer = await refresh(world.acme, pair.refresh)
    expect(answer.status).toBe(200)
    expect(Object.keys(answer.json).sort()).toEqual(['access', 'refresh'])
    expect(answer.json.refresh).not.toBe(pair.refresh)
    expect(answer.json.access).not.toBe(pair.access)
    const [before, after] = [decodeJwt(pair.refresh), decodeJwt(answer.json.refresh)]
    expect(after).toMatchObject({ sid: before.sid, sub: before.sub, iss: before.iss, aud: before.aud, seq: 1 })
    expect(after.jti).not.toBe(before.jti)
    expect(await meStatus(world.acme, answer.json.access)).toBe(200)
    // An access token stays valid until it expires, as the session is the same.
    expect(await meStatus(world.acme, pair.access)).toBe(200)
  })

  test('leaves nothing in the database from which a token could be made', async () => {
    const { refresh: successor } = (await refresh(world.acme, pair.refresh)).json as Pair
    const {
      db,
      tables: { sessions, audit_events },
    } = realmOf(world.app, world.acme).realm
    const rows = JSON.stringify([await db.select().from(sessions), await db.select().from(audit_events)])
    for (const token of [pair.access, pair.refresh, successor]) {
      expect(rows).not.toContain(token.split('.')[2])
      expect(rows).not.toContain(decodeJwt(token).jti)
    }
  })

  test('with the immediate parent within the grace gives the same successor again, byte for byte, and a new access token', async () => {
    const first = (await refresh(world.acme, pair.refresh)).json as Pair
    const second = (await refresh(world.acme, pair.refresh)).json as Pair
    expect(second.refresh).toBe(first.refresh)
    expect(second.access).not.toBe(first.access)
    expect(await meStatus(world.acme, second.access)).toBe(200)
  })

  test('of one token by fifty at once has one successor, which all of them get, REF-03', async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => refresh(world.acme, pair.refresh)))
    expect(answers.map(({ status }) => status)).toEqual(Array(50).fill(200))
    expect(new Set(answers.map(({ json }) => json.refresh)).size).toBe(1)
    expect(await sessionRow(world, world.acme, pair)).toMatchObject({ counter: 1, revoked_at: null })
    expect(await meStatus(world.acme, answers[49]!.json.access)).toBe(200)
    expect((await refresh(world.acme, answers[0]!.json.refresh)).status).toBe(200)
  })

  test('of one token by many at once at two servers has one successor, which all of them get', async () => {
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, i) =>
        i % 2 === 0
          ? refresh(world.acme, pair.refresh)
          : beside.at(world.acme, `${auth}/jwt/refresh/`, { body: { refresh: pair.refresh } }),
      ),
    )
    expect(answers.map(({ status }) => status)).toEqual(Array(40).fill(200))
    expect(new Set(answers.map(({ json }) => json.refresh)).size).toBe(1)
    expect(await sessionRow(world, world.acme, pair)).toMatchObject({ counter: 1, revoked_at: null })
  })

  test('in a chain of races advances by one each time', async () => {
    let current = pair.refresh
    for (let round = 1; round <= 10; round++) {
      const answers = await Promise.all(Array.from({ length: 6 }, () => refresh(world.acme, current)))
      expect(answers.map(({ status }) => status)).toEqual(Array(6).fill(200))
      expect(new Set(answers.map(({ json }) => json.refresh)).size).toBe(1)
      current = answers[0]!.json.refresh
      expect(decodeJwt(current).seq).toBe(round)
    }
  })

  test("of another user's session is not affected", async () => {
    const other = await signInAs(world.globex, world.globex.staff)
    await Promise.all([refresh(world.acme, pair.refresh), refresh(world.globex, other.refresh)])
    expect(await sessionRow(world, world.acme, pair)).toMatchObject({ counter: 1 })
    expect(await sessionRow(world, world.globex, other)).toMatchObject({ counter: 1 })
  })

  test('does not look at an Authorization header', async () => {
    const answer = await world.acme.call(`${auth}/jwt/refresh/`, { body: { refresh: pair.refresh }, token: 'nonsense' })
    expect(answer.status).toBe(200)
  })
})

describe('a refresh token that was used before', () => {
  test('ends its session after the grace: the newest tokens are dead from the next request, and everything else lives, REF-02', async () => {
    const { acme, globex } = world
    const stolen = await signInAs(acme, acme.staff)
    const elsewhere = await signInAs(acme, acme.staff)
    const namesake = await signInAs(globex, globex.staff)
    const newest = (await refresh(acme, stolen.refresh)).json as Pair
    await outliveGrace(acme, newest)
    expect(await meStatus(acme, newest.access)).toBe(200)

    const replay = await refresh(acme, stolen.refresh)
    expect([replay.status, replay.json]).toEqual([401, blacklisted])
    expect(replay.headers['www-authenticate']).toBe('Bearer realm="api"')
    for (const { access } of [stolen, newest]) {
      const answer = await acme.call(`${auth}/users/me/`, { token: access })
      expect([answer.status, answer.json]).toEqual([401, ended])
    }
    expect((await refresh(acme, newest.refresh)).json).toEqual(ended)
    expect((await refresh(acme, stolen.refresh)).json).toEqual(blacklisted)
    expect(await meStatus(acme, elsewhere.access)).toBe(200)
    expect((await refresh(acme, elsewhere.refresh)).status).toBe(200)
    expect(await meStatus(globex, namesake.access)).toBe(200)
  })

  test("is reported once, in the log and in the tenant's audit", async () => {
    const { acme } = world
    const stolen = await signInAs(acme, acme.staff)
    await refresh(acme, stolen.refresh)
    await outliveGrace(acme, stolen)
    await refresh(acme, stolen.refresh)
    await refresh(acme, stolen.refresh)
    const { sid } = decodeJwt(stolen.refresh)
    const lines = () => world.server.log.filter(line => line.event === 'refresh_token_reused' && line.session === sid)
    await expect.poll(lines).toEqual([
      expect.objectContaining({
        tenant: acme.id,
        user: acme.staff.id,
        ip: '127.0.0.1',
        request_id: expect.any(String),
      }),
    ])
    expect(await auditOf(world, acme, 'session.reuse_detected', sid as string)).toHaveLength(1)
    expect(await auditOf(world, world.globex, 'session.reuse_detected', sid as string)).toHaveLength(0)
  })

  test('twice over ends the session although the last rotation is seconds old, REF-04', async () => {
    const once = (await refresh(world.acme, pair.refresh)).json as Pair
    const twice = (await refresh(world.acme, once.refresh)).json as Pair
    const replay = await refresh(world.acme, pair.refresh)
    expect([replay.status, replay.json]).toEqual([401, blacklisted])
    expect((await refresh(world.acme, twice.refresh)).json).toEqual(ended)
    expect(await meStatus(world.acme, twice.access)).toBe(401)
  })

  test('and replayed by many at once ends the session once, and lets none of them in', async () => {
    const once = (await refresh(world.acme, pair.refresh)).json as Pair
    await refresh(world.acme, once.refresh)
    const answers = await Promise.all(Array.from({ length: 20 }, () => refresh(world.acme, pair.refresh)))
    expect(answers.map(({ status, json }) => [status, json])).toEqual(Array(20).fill([401, blacklisted]))
    expect(
      await auditOf(world, world.acme, 'session.reuse_detected', decodeJwt(pair.refresh).sid as string),
    ).toHaveLength(1)
  })

  test('with no grace at all is refused at once', async () => {
    const strict = await startBeside(world, { REFRESH_GRACE: '0' })
    const refreshThere = async (token: string) =>
      (await strict.at(world.acme, `${auth}/jwt/refresh/`, { body: { refresh: token } })).json
    const second = (await refreshThere(pair.refresh)) as Pair
    expect(await refreshThere(pair.refresh)).toEqual(blacklisted)
    expect(await refreshThere(second.refresh)).toEqual(ended)
    expect(await strict.stop()).toBe(0)
  })
})

describe('a refresh token at another host, REF-06', () => {
  test('is refused there by body and by cookie, and nothing happens at home', async () => {
    const once = (await refresh(world.acme, pair.refresh)).json as Pair
    for (const place of [world.globex, world.console]) {
      for (const token of [pair.refresh, once.refresh]) {
        expect((await refresh(place, token)).json).toEqual({ detail: 'Token is invalid', code: 'token_not_valid' })
        const byCookie = await place.call(`${auth}/session/refresh/`, {
          method: 'POST',
          cookies: { tenantry_refresh: token },
          sameOrigin: true,
        })
        expect([byCookie.status, byCookie.cookies]).toEqual([401, {}])
        const out = await place.call(`${auth}/session/`, {
          method: 'DELETE',
          cookies: { tenantry_refresh: token },
          sameOrigin: true,
        })
        expect(out.status).toBe(204)
      }
    }
    expect(await sessionRow(world, world.acme, pair)).toMatchObject({ counter: 1, revoked_at: null })
    expect((await refresh(world.acme, once.refresh)).status).toBe(200)
  })

  test('does not exist on the public site', async () => {
    const answer = await world.call(`localhost:${world.port}`, `${auth}/jwt/refresh/`, {
      body: { refresh: pair.refresh },
    })
    expect([answer.status, answer.json]).toEqual([404, { detail: 'Not found.' }])
    expect((await refresh(world.acme, pair.refresh)).status).toBe(200)
  })
})

describe('expiry, REF-07', () => {
  test('an inactive session ends with its refresh token', async () => {
    const { acme } = world
    const idle = takeApart(world, acme, pair.refresh)
    const { iat, exp } = idle.claims as { iat: number; exp: number }
    expect(exp - iat).toBe(refreshLife)
    // A token as it would be a second after its expiry, and a minute before.
    const aged = (seconds: number) => idle.with({ claims: { iat: iat - seconds, exp: exp - seconds } })
    const over = await aged(refreshLife + 1)
    const answer = await refresh(acme, over)
    expect([answer.status, answer.json]).toEqual([401, expired])
    expect((await verify(acme, over)).status).toBe(401)
    expect((await verify(acme, await aged(refreshLife - 60))).status).toBe(200)
  })

  test('an active session ends too, at the maximum age of a session', async () => {
    const { acme } = world
    const sessionLife = world.app.config.ttl.session * 1000
    const { created, expires_at } = await sessionRow(world, acme, pair)
    expect(expires_at.getTime() - created.getTime()).toBe(sessionLife)
    // A token as it would be just before its expiry, in an hour.
    const end = new Date(Date.now() + 3_600_000)
    await changeSession(acme, pair, { created: new Date(end.getTime() - sessionLife), expires_at: end })
    let current = pair
    for (let i = 0; i < 5; i++) {
      current = (await refresh(acme, current.refresh)).json
      expect(decodeJwt(current.refresh).exp).toBe(Math.floor(end.getTime() / 1000))
    }
    expect((await sessionRow(world, acme, pair)).expires_at).toEqual(end)
    expect(await meStatus(acme, current.access)).toBe(200)
    await changeSession(acme, pair, { expires_at: new Date() })
    expect((await refresh(acme, current.refresh)).json).toEqual(expired)
    expect(await meStatus(acme, current.access)).toBe(401)
  })

  test('a session past its end is dead although its tokens would live on', async () => {
    await changeSession(world.acme, pair, { expires_at: new Date(Date.now() - 1) })
    expect((await refresh(world.acme, pair.refresh)).json).toEqual(expired)
    expect(await meStatus(world.acme, pair.access)).toBe(401)
    for (const token of [pair.access, pair.refresh]) expect((await verify(world.acme, token)).status).toBe(401)
  })
})

describe('an invalid refresh token, REF-13 and REF-14', () => {
  const required = { refresh: ['This field is required.'] }
  test.each([
    ['nothing', {}, 400, required],
    ['null', { refresh: null }, 400, { refresh: ['This field may not be null.'] }],
    ['an empty text', { refresh: '' }, 400, { refresh: ['This field may not be blank.'] }],
    ['a number', { refresh: 7 }, 400, { refresh: ['Not a valid string.'] }],
    ['an array', { refresh: ['x'] }, 400, { refresh: ['Not a valid string.'] }],
    ['an object', { refresh: {} }, 400, { refresh: ['Not a valid string.'] }],
    ['true', { refresh: true }, 400, { refresh: ['Not a valid string.'] }],
    ['a word', { refresh: 'token' }, 401, { detail: 'Token is invalid', code: 'token_not_valid' }],
    ['a blank', { refresh: ' ' }, 401, { detail: 'Token is invalid', code: 'token_not_valid' }],
    ['a list for a body', [], 400, { non_field_errors: ['Invalid data. Expected a dictionary, but got list.'] }],
    ['a text for a body', '"x"', 400, { non_field_errors: ['Invalid data. Expected a dictionary, but got str.'] }],
    ['null for a body', 'null', 400, { non_field_errors: ['No data provided'] }],
  ])("%s is refused in DRF's shape by refresh and blacklist", async (_, body, status, json) => {
    for (const endpoint of ['refresh', 'blacklist']) {
      const answer = await world.acme.call(`${auth}/jwt/${endpoint}/`, { body })
      expect([answer.status, answer.json]).toEqual([status, json])
    }
  })

  test('one cut short, one with blanks around it, one far too long', async () => {
    for (const token of [
      pair.refresh.slice(0, -1),
      pair.refresh.slice(0, 40),
      ` ${pair.refresh}`,
      `${pair.refresh}\n`,
    ]) {
      expect((await refresh(world.acme, token)).status).toBe(401)
    }
    expect((await refresh(world.acme, 'x'.repeat(900_000))).status).toBe(400)
    expect((await refresh(world.acme, 'x'.repeat(1_000_001))).status).toBe(413)
    expect((await refresh(world.acme, pair.refresh)).status).toBe(200)
  })

  test.each(['refresh', 'blacklist', 'verify', 'create'])('jwt/%s is for POST alone', async endpoint => {
    for (const method of ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE']) {
      const answer = await world.acme.call(`${auth}/jwt/${endpoint}/`, { method })
      expect([answer.status, answer.headers.allow?.split(', ').sort()]).toEqual([405, ['OPTIONS', 'POST']])
    }
  })

  test('a form, or a body of no declared type, is not read', async () => {
    for (const type of [
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'text/plain',
      'application/jsonp',
      '',
    ]) {
      const answer = await world.acme.call(`${auth}/jwt/refresh/`, {
        body: JSON.stringify({ refresh: pair.refresh }),
        headers: { 'content-type': type },
      })
      expect([answer.status, answer.json]).toEqual([415, { detail: `Unsupported media type "${type}" in request.` }])
    }
    expect(await sessionRow(world, world.acme, pair)).toMatchObject({ counter: 0 })
  })
})

describe('jwt/blacklist', () => {
  test("ends the whole session, and not the person's others", async () => {
    const elsewhere = await signInAs(world.acme, world.acme.staff)
    const answer = await blacklist(world.acme, pair.refresh)
    expect([answer.status, answer.json]).toEqual([200, {}])
    expect((await world.acme.call(`${auth}/users/me/`, { token: pair.access })).json).toEqual(ended)
    expect((await refresh(world.acme, pair.refresh)).json).toEqual(blacklisted)
    expect(await meStatus(world.acme, elsewhere.access)).toBe(200)
  })

  test('a second time reports that it was done', async () => {
    await blacklist(world.acme, pair.refresh)
    const again = await blacklist(world.acme, pair.refresh)
    expect([again.status, again.json]).toEqual([401, blacklisted])
  })

  test('works with the immediate parent within its grace', async () => {
    const newest = (await refresh(world.acme, pair.refresh)).json as Pair
    expect((await blacklist(world.acme, pair.refresh)).status).toBe(200)
    for (const token of [pair.refresh, newest.refresh])
      expect((await refresh(world.acme, token)).json).toEqual(blacklisted)
    expect(await meStatus(world.acme, newest.access)).toBe(401)
  })

  test('with an older token is reuse, which ends the session too', async () => {
    const once = (await refresh(world.acme, pair.refresh)).json as Pair
    const twice = (await refresh(world.acme, once.refresh)).json as Pair
    expect((await blacklist(world.acme, pair.refresh)).json).toEqual(blacklisted)
    expect((await refresh(world.acme, twice.refresh)).json).toEqual(ended)
  })

  test('and a concurrent refresh leave a session that is either alive or ended', async () => {
    for (let round = 0; round < 10; round++) {
      const { refresh: token } = await signInAs(world.globex, world.globex.staff)
      const [out, next] = await Promise.all([blacklist(world.globex, token), refresh(world.globex, token)])
      expect(out.status).toBe(200)
      expect([200, 401]).toContain(next.status)
      // A sign-out ends the session, in whatever order the two requests arrived.
      if (next.status === 200) {
        expect(await meStatus(world.globex, next.json.access)).toBe(401)
        expect((await refresh(world.globex, next.json.refresh)).status).toBe(401)
      }
    }
  })
})

describe('a session that ended some other way', () => {
  test.each<[string, (who: Pair) => Promise<unknown>]>([
    [
      'revoked by its id',
      who =>
        world.acme.call(`${api}/sessions/${decodeJwt(who.refresh).sid as string}/`, {
          method: 'DELETE',
          token: who.access,
        }),
    ],
    [
      'ended with all others from another one',
      async () => {
        const other = await signInAs(world.acme, world.acme.staff)
        return world.acme.call(`${api}/sessions/`, { method: 'DELETE', token: other.access })
      },
    ],
    [
      'ended by an Admin',
      async who => {
        const admin = await signInAs(world.acme, world.acme.admin)
        return world.acme.call(`${api}/sessions/${decodeJwt(who.refresh).sid as string}/`, {
          method: 'DELETE',
          token: admin.access,
        })
      },
    ],
    [
      'signed out in a browser',
      who =>
        world.acme.call(`${auth}/session/`, {
          method: 'DELETE',
          cookies: { tenantry_access: who.access, tenantry_refresh: who.refresh },
          sameOrigin: true,
        }),
    ],
    [
      'signed out in a browser that had its access token alone',
      who =>
        world.acme.call(`${auth}/session/`, {
          method: 'DELETE',
          cookies: { tenantry_access: who.access },
          sameOrigin: true,
        }),
    ],
  ])('%s: its newest tokens are told so, an older one that it is blacklisted', async (_, end) => {
    const newest = (await refresh(world.acme, pair.refresh)).json as Pair
    const answer = (await end(newest)) as Answer
    expect(answer.status).toBe(204)
    const refused = await world.acme.call(`${auth}/users/me/`, { token: newest.access })
    expect([refused.status, refused.json]).toEqual([401, ended])
    expect((await refresh(world.acme, newest.refresh)).json).toEqual(ended)
    expect((await refresh(world.acme, pair.refresh)).json).toEqual(blacklisted)
    expect((await blacklist(world.acme, newest.refresh)).json).toEqual(ended)
    for (const token of [newest.access, newest.refresh]) expect((await verify(world.acme, token)).status).toBe(401)
  })

  test('a new password ends every session but the one that set it, also those only just refreshed, REF-12', async () => {
    const person = await addPerson(world, world.acme, 'changer@example.com')
    const [here, there] = [await signInAs(world.acme, person), await signInAs(world.acme, person)]
    const renewed = (await refresh(world.acme, there.refresh)).json as Pair
    const set = await world.acme.call(`${auth}/users/set_password/`, {
      token: here.access,
      body: { current_password: person.password, new_password: 'a wholly other phrase' },
    })
    expect(set.status).toBe(204)
    expect((await refresh(world.acme, renewed.refresh)).json).toEqual(ended)
    expect(await meStatus(world.acme, renewed.access)).toBe(401)
    expect((await refresh(world.acme, here.refresh)).status).toBe(200)
  })

  test('a deactivation ends all of them, and they stay ended when the person is back', async () => {
    const person = await addPerson(world, world.acme, 'absent@example.com')
    const signedIn = await signInAs(world.acme, person)
    const admin = await signInAs(world.acme, world.acme.admin)
    const setActive = (is_active: boolean) =>
      world.acme.call(`${auth}/users/${person.id}/`, { method: 'PATCH', token: admin.access, body: { is_active } })
    await setActive(false)
    expect((await world.acme.call(`${auth}/users/me/`, { token: signedIn.access })).json).toEqual({
      detail: 'User is inactive',
      code: 'user_inactive',
    })
    expect((await refresh(world.acme, signedIn.refresh)).json).toEqual({
      detail: 'No active account found for the given token.',
    })
    await setActive(true)
    expect((await world.acme.call(`${auth}/users/me/`, { token: signedIn.access })).json).toEqual(ended)
    expect((await refresh(world.acme, signedIn.refresh)).json).toEqual(ended)
    expect((await signInAs(world.acme, person)).access).toBeTruthy()
  })

  test('signing in again is a session of its own, and leaves the first alone, REF-11', async () => {
    const again = await signInAs(world.acme, world.acme.staff)
    expect(decodeJwt(again.access).sid).not.toBe(decodeJwt(pair.access).sid)
    await blacklist(world.acme, again.refresh)
    expect(await meStatus(world.acme, pair.access)).toBe(200)
  })
})

describe("a browser's session", () => {
  test('is refreshed by its cookie, and both cookies are new', async () => {
    const cookies = await signInWithCookies(world.acme, world.acme.staff)
    const answer = await refreshCookies(world.acme, cookies)
    expect([answer.status, Object.keys(answer.json)]).toEqual([200, ['expires_at']])
    expect(Object.keys(answer.cookies).sort()).toEqual(['tenantry_access', 'tenantry_refresh'])
    for (const line of answer.headers['set-cookie']!) {
      expect(line).toMatch(/; HttpOnly/)
      expect(line).toMatch(/; SameSite=Lax/)
      expect(line).toMatch(/; Path=\//)
      expect(line).not.toMatch(/Domain/i)
      expect(line.length).toBeLessThan(4_096)
    }
    expect(answer.cookies.tenantry_refresh).not.toBe(cookies.tenantry_refresh)
    expect((await world.acme.call(`${auth}/users/me/`, { cookies: answer.cookies })).json.id).toBe(world.acme.staff.id)
    expect(answer.text).not.toContain(answer.cookies.tenantry_access)
  })

  test('ends when its browser signs in again, and no other session does, REF-11', async () => {
    for (const { place, other } of [
      { place: world.acme, other: world.globex },
      { place: world.globex, other: world.acme },
    ]) {
      const signIn = (cookies: Record<string, string>, password = place.staff.password) =>
        place.call(`${auth}/session/`, { body: { email: place.staff.email, password }, cookies, sameOrigin: true })
      const status = async (at: Place, cookies: Record<string, string>) =>
        (await at.call(`${auth}/users/me/`, { cookies })).status
      const former = await signInWithCookies(place, place.admin)
      const elsewhere = await signInWithCookies(place, place.admin)
      const theirs = await signInWithCookies(other, other.staff)

      expect((await signIn(former, 'not the password')).status).toBe(401)
      await signInAs(place, place.staff)
      expect(await status(place, former)).toBe(200)

      const { cookies } = await signIn(former)
      expect([await status(place, former), await status(place, cookies)]).toEqual([401, 200])
      expect((await refreshCookies(place, former)).status).toBe(401)
      expect((await signIn(theirs)).status).toBe(200)
      expect([await status(place, elsewhere), await status(other, theirs)]).toEqual([200, 200])

      const { access: token } = await signInAs(place, place.admin)
      const { results } = (await place.call(`${api}/audit/?action=session.ended`, { token })).json
      const ended = results.filter(({ details }: { details: { reason: string } }) => details.reason === 'replaced')
      expect(ended).toMatchObject([
        { subject: place.admin.id, details: { sessions: [decodeJwt(former.tenantry_access!).sid] } },
      ])
    }
  })

  test('is refreshed by six tabs at once, and no tab is signed out, REF-16', async () => {
    const cookies = await signInWithCookies(world.acme, world.acme.staff)
    const answers = await Promise.all(Array.from({ length: 6 }, () => refreshCookies(world.acme, cookies)))
    expect(answers.map(({ status }) => status)).toEqual(Array(6).fill(200))
    expect(new Set(answers.map(answer => answer.cookies.tenantry_refresh)).size).toBe(1)
    for (const answer of answers)
      expect((await world.acme.call(`${auth}/users/me/`, { cookies: answer.cookies })).status).toBe(200)
  })

  test('keeps its cookies when a refresh is refused: the loser of a race must not sign the winner out', async () => {
    const cookies = await signInWithCookies(world.acme, world.acme.staff)
    const once = await refreshCookies(world.acme, cookies)
    const twice = await refreshCookies(world.acme, once.cookies)
    for (const stale of [
      cookies,
      twice.cookies,
      { tenantry_refresh: 'nonsense' },
      { tenantry_access: once.cookies.tenantry_access! },
    ]) {
      const answer = await refreshCookies(world.acme, stale)
      expect([answer.status, answer.headers['set-cookie']]).toEqual([401, undefined])
    }
    const without = await world.acme.call(`${auth}/session/refresh/`, { method: 'POST', sameOrigin: true })
    expect([without.status, without.json, without.headers['set-cookie']]).toEqual([
      401,
      { detail: 'Authentication credentials were not provided.' },
      undefined,
    ])
  })

  test('is told by session_revoked, and by nothing else, that it is over', async () => {
    const cookies = await signInWithCookies(world.acme, world.acme.staff)
    await world.acme.call(`${api}/sessions/${decodeJwt(cookies.tenantry_refresh!).sid as string}/`, {
      method: 'DELETE',
      cookies,
      sameOrigin: true,
    })
    const answer = await refreshCookies(world.acme, cookies)
    expect([answer.status, answer.json, answer.headers['set-cookie']]).toEqual([401, ended, undefined])
  })

  test('ends with a sign-out, which clears both cookies', async () => {
    const cookies = await signInWithCookies(world.acme, world.acme.staff)
    const out = await signOut(world.acme, cookies)
    expect([out.status, out.cookies]).toEqual([204, { tenantry_access: '', tenantry_refresh: '' }])
    for (const line of out.headers['set-cookie']!) expect(line).toMatch(/Expires=Thu, 01 Jan 1970/)
    expect(out.headers['clear-site-data']).toBe('"cache"')
    expect((await world.acme.call(`${auth}/users/me/`, { cookies })).json).toEqual(ended)
    expect((await refreshCookies(world.acme, cookies)).json).toEqual(ended)
  })

  test('ends with a sign-out with the token that is being refreshed', async () => {
    const cookies = await signInWithCookies(world.acme, world.acme.staff)
    const newer = await refreshCookies(world.acme, cookies)
    expect((await signOut(world.acme, cookies)).status).toBe(204)
    expect((await world.acme.call(`${auth}/users/me/`, { cookies: newer.cookies })).status).toBe(401)
  })

  test('ends with either cookie when the other is damaged', async () => {
    for (const spoilt of ['tenantry_access', 'tenantry_refresh']) {
      const cookies = await signInWithCookies(world.acme, world.acme.staff)
      const out = await signOut(world.acme, { ...cookies, [spoilt]: 'spoilt' })
      expect([out.status, out.cookies]).toEqual([204, { tenantry_access: '', tenantry_refresh: '' }])
      expect((await world.acme.call(`${auth}/users/me/`, { token: cookies.tenantry_access })).json).toEqual(ended)
    }
  })

  test('without cookies is signed out too', async () => {
    const out = await world.acme.call(`${auth}/session/`, { method: 'DELETE', sameOrigin: true })
    expect([out.status, out.cookies]).toEqual([204, { tenantry_access: '', tenantry_refresh: '' }])
  })

  test('at another tenant is another one: signing out there leaves this one alone', async () => {
    const here = await signInWithCookies(world.acme, world.acme.staff)
    const there = await signInWithCookies(world.globex, world.globex.staff)
    await signOut(world.globex, there)
    expect((await world.acme.call(`${auth}/users/me/`, { cookies: here })).status).toBe(200)
    expect((await world.globex.call(`${auth}/users/me/`, { cookies: there })).status).toBe(401)
  })
})

describe('two servers on one database', () => {
  test('share all sessions: a token of the one is valid at the other, and its end applies to both', async () => {
    expect((await beside.at(world.acme, `${auth}/users/me/`, { token: pair.access })).json.id).toBe(world.acme.staff.id)
    const rotated = (await beside.at(world.acme, `${auth}/jwt/refresh/`, { body: { refresh: pair.refresh } }))
      .json as Pair
    expect((await refresh(world.acme, pair.refresh)).json.refresh).toBe(rotated.refresh)
    await blacklist(world.acme, rotated.refresh)
    expect((await beside.at(world.acme, `${auth}/users/me/`, { token: rotated.access })).json).toEqual(ended)
  })

  test('reuse seen by the one ends the session at the other', async () => {
    const once = (await refresh(world.acme, pair.refresh)).json as Pair
    const twice = (await beside.at(world.acme, `${auth}/jwt/refresh/`, { body: { refresh: once.refresh } }))
      .json as Pair
    expect((await beside.at(world.acme, `${auth}/jwt/refresh/`, { body: { refresh: pair.refresh } })).json).toEqual(
      blacklisted,
    )
    expect((await world.acme.call(`${auth}/users/me/`, { token: twice.access })).json).toEqual(ended)
  })
})

const refresh = (place: Place, token: string) => place.call(`${auth}/jwt/refresh/`, { body: { refresh: token } })
const blacklist = (place: Place, token: string) => place.call(`${auth}/jwt/blacklist/`, { body: { refresh: token } })
const verify = (place: Place, token: string) => place.call(`${auth}/jwt/verify/`, { body: { token } })
const refreshCookies = (place: Place, cookies: Record<string, string>) =>
  place.call(`${auth}/session/refresh/`, { method: 'POST', cookies, sameOrigin: true })
const signOut = (place: Place, cookies: Record<string, string>) =>
  place.call(`${auth}/session/`, { method: 'DELETE', cookies, sameOrigin: true })

async function meStatus(place: Place, token: string): Promise<number> {
  return (await place.call(`${auth}/users/me/`, { token })).status
}

async function sessionRow(world: World, place: Place, { refresh }: Pair) {
  const {
    db,
    tables: { sessions },
  } = realmOf(world.app, place).realm
  const { counter, revoked_at, created, expires_at } = sessions
  const rows = await db
    .select({ counter, revoked_at, created, expires_at })
    .from(sessions)
    .where(eq(sessions.id, decodeJwt(refresh).sid as string))
  return rows[0]!
}

async function changeSession(
  place: Place,
  { refresh }: Pair,
  change: { created?: Date; expires_at?: Date; rotated_at?: Date },
): Promise<void> {
  const {
    db,
    tables: { sessions },
  } = realmOf(world.app, place).realm
  await db
    .update(sessions)
    .set(change)
    .where(eq(sessions.id, decodeJwt(refresh).sid as string))
}

/** Makes the session's last refresh so old that its grace period is over. */
function outliveGrace(place: Place, pair: Pair): Promise<void> {
  return changeSession(place, pair, { rotated_at: new Date(Date.now() - (grace + 1) * 1000) })
}

async function auditOf(world: World, place: Place, action: string, session: string) {
  const {
    db,
    tables: { audit_events: events },
  } = realmOf(world.app, place).realm
  const rows = await db.select({ details: events.details }).from(events).where(eq(events.action, action))
  return rows.filter(({ details }) => details.session === session)
}
