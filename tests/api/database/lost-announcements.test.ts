import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TenantRealm } from '#server/database/realms.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import { tenantAuthRealm } from '#server/domain/auth-realm.ts'
import { fromSystem } from '#server/domain/context.ts'
import { issueInvitationLink } from '#server/domain/invitations/accept.ts'
import { invite } from '#server/domain/invitations/invite.ts'
import type { LinkPurpose } from '#server/domain/sessions/one-time-links.ts'
import { issueLink, openLink } from '#server/domain/sessions/one-time-links.ts'
import { requestSupportAccess } from '#server/domain/support/request.ts'
import { resumeTenant, suspendTenant } from '#server/domain/tenants/lifecycle/suspension.ts'
import { addPasskey, addTotp, challengeOf } from '../../support/data/factors.ts'
import { linkParts, outboxIsEmpty } from '../../support/data/mails.ts'
import type { DeafProxy } from '../../support/database/deaf-proxy.ts'
import { createDeafProxy } from '../../support/database/deaf-proxy.ts'
import type { Call } from '../../support/http.ts'
import { waitLimit } from '../../support/process/wait-limit.ts'
import { readRoutes } from '../../support/routes.ts'
import { readSources } from '../../support/sources.ts'
import type { Place, World } from '../../support/world.ts'
import { addPerson, api, auth, createWorld, signInAs, signInWithCookies } from '../../support/world.ts'

let proxy: DeafProxy
let world: World
/** Created by the first test, for all of them. */
let endpoints: Record<string, Call & { path: string }>

beforeAll(async () => {
  world = await createWorld(
    {},
    {
      async through(database) {
        proxy = await createDeafProxy(database)
        return proxy.url
      },
    },
  )
})
afterAll(async () => {
  await world.stop()
  await proxy.close()
})

describe('a server that receives no announcements, although its connections answer', () => {
  test('lets nobody in at a suspended organisation, by any public endpoint', async () => {
    endpoints = await createEndpoints(world.globex)
    expect(await publicEndpoints()).toEqual(Object.keys(endpoints).sort())
    await whileSuspendedUnannounced(async () => {
      for (const [file, { path, ...call }] of Object.entries(endpoints)) {
        const { status, json } = await world.globex.call(path, call)
        expect([file, status, json?.code]).toEqual([file, 403, 'tenant_inactive'])
      }
    })
  })

  test('answers that it is closed to wrong passwords, links and tokens, too', async () => {
    await whileSuspendedUnannounced(async () => {
      for (const [file, { path, ...call }] of Object.entries(endpoints).filter(
        ([file, { body }]) => body && !isToken(file),
      )) {
        const { status, json } = await world.globex.call(path, { ...call, body: wronged(call.body as object) })
        expect([file, status, json?.code]).toEqual([file, 403, 'tenant_inactive'])
      }
    })
  })

  test('has used no link or token up: every endpoint works once the organisation is active again, and those of others worked meanwhile', async () => {
    // The server was not told that it is active again.
    await expect.poll(async () => (await world.globex.call(`${auth}/rules/`)).status, waitLimit).toBe(200)
    // Except for what the suspension itself has ended.
    for (const [file, { path, ...call }] of Object.entries(endpoints).filter(([file]) => !file.includes('support'))) {
      const { status } = await world.globex.call(path, call)
      expect([file, status]).toEqual([file, expect.toSatisfy((status: number) => status >= 200 && status < 300)])
    }
    await whileSuspendedUnannounced(async () => void (await signInAs(world.acme, world.acme.staff)))
  })

  test('notices it, shows it on the console, and polls until announcements arrive again', async () => {
    const { access } = await signInAs(world.console, world.console.admin)
    const isListening = async () => (await world.console.call(`${api}/health/`, { token: access })).json.is_listening
    await expect.poll(isListening).toBe(true)
    proxy.hears = false
    await expect.poll(isListening, waitLimit).toBe(false)
    const loginPage = async () => (await world.globex.call('/login', { accept: 'text/html' })).status
    expect(await loginPage()).toBe(200)
    await suspendTenant(world.app, world.globex.id, null, fromSystem)
    await expect.poll(loginPage).toBe(403)
    await resumeTenant(world.app, world.globex.id, fromSystem)
    await expect.poll(loginPage).toBe(200)
    proxy.hears = true
    await expect.poll(isListening, waitLimit).toBe(true)
  })
})

/** Suspends the organisation while announcements do not reach the server, which has just served it. */
async function whileSuspendedUnannounced(look: () => Promise<void>): Promise<void> {
  await expect.poll(async () => (await world.globex.call(`${auth}/rules/`)).status).toBe(200)
  proxy.hears = false
  await suspendTenant(world.app, world.globex.id, null, fromSystem)
  try {
    await look()
  } finally {
    await resumeTenant(world.app, world.globex.id, fromSystem)
    proxy.hears = true
  }
}

/** By file: a valid request to each public route that changes something. */
async function createEndpoints(place: Place): Promise<Record<string, Call & { path: string }>> {
  const realm = tenantAuthRealm(world.app.database, {
    id: place.id,
    name: place.host,
    schema: place.schema,
    origin: place.origin,
  })
  await realm.realm.db.update(realm.realm.tables.settings).set({ registration: 'open' })
  const pairs = await Promise.all(Array.from({ length: 3 }, () => signInAs(place, place.staff)))
  const cookies = await Promise.all(Array.from({ length: 2 }, () => signInWithCookies(place, place.staff)))
  const invited = await invite(
    world.app,
    realm,
    { email: 'invited@example.com', role: 'Staff', department: null },
    fromSystem,
  )
  // Sending the mail would invalidate this link.
  await outboxIsEmpty(world)
  const invitation = { token: linkParts((await issueInvitationLink(realm, invited.id))!.link).token }
  const names = { first_name: 'Una', last_name: 'Unseen' }
  const password = 'a perfectly fine phrase'
  const inTwoSteps = await Promise.all(
    ['jwt', 'session'].map(async door => {
      const person = await addTotp(place, await addPerson(world, place, `two-steps-${door}@example.com`))
      return { challenge: await challengeOf(place, person), recovery_code: person.recovery_codes[0] }
    }),
  )
  const withPasskeys = await Promise.all(
    ['jwt', 'session'].map(async door => {
      const person = await addPerson(world, place, `passkey-${door}@example.com`)
      const passkey = await addPasskey(place, person, (await signInAs(place, person)).access)
      const { json: options } = await place.call(`${auth}/passkeys/options/`, { body: {} })
      return { credential: passkey.sign(options, place.origin), challenge: await challengeOf(place, person) }
    }),
  )
  const support = await requestSupportAccess(
    world.app,
    place.id,
    { user: place.staff.id, reason: 'A look', is_read_only: true },
    world.console.admin,
    fromSystem,
  )
  const request = (path: string, body: object, more: Call = {}) => ({ path, body, ...more })
  return {
    'server/api/v1/auth/jwt/create.post.ts': request(`${auth}/jwt/create/`, {
      email: place.staff.email,
      password: place.staff.password,
    }),
    'server/api/v1/auth/jwt/verify.post.ts': request(`${auth}/jwt/verify/`, { token: pairs[0]!.access }),
    'server/api/v1/auth/jwt/refresh.post.ts': request(`${auth}/jwt/refresh/`, { refresh: pairs[1]!.refresh }),
    'server/api/v1/auth/jwt/blacklist.post.ts': request(`${auth}/jwt/blacklist/`, { refresh: pairs[2]!.refresh }),
    'server/api/v1/auth/jwt/second-factor.post.ts': request(`${auth}/jwt/second-factor/`, inTwoSteps[0]!),
    'server/api/v1/auth/jwt/passkey.post.ts': request(`${auth}/jwt/passkey/`, {
      credential: withPasskeys[0]!.credential,
    }),
    'server/api/v1/auth/passkeys/options.post.ts': request(`${auth}/passkeys/options/`, {
      challenge: withPasskeys[0]!.challenge,
    }),
    'server/api/v1/auth/session/second-factor.post.ts': request(`${auth}/session/second-factor/`, inTwoSteps[1]!, {
      sameOrigin: true,
    }),
    'server/api/v1/auth/session/passkey.post.ts': request(
      `${auth}/session/passkey/`,
      { credential: withPasskeys[1]!.credential },
      {
        sameOrigin: true,
      },
    ),
    'server/api/v1/auth/session/index.post.ts': request(
      `${auth}/session/`,
      { email: place.staff.email, password: place.staff.password },
      { sameOrigin: true },
    ),
    'server/api/v1/auth/session/refresh.post.ts': {
      path: `${auth}/session/refresh/`,
      method: 'POST',
      cookies: cookies[0],
      sameOrigin: true,
    },
    'server/api/v1/auth/session/index.delete.ts': {
      path: `${auth}/session/`,
      method: 'DELETE',
      cookies: cookies[1],
      sameOrigin: true,
    },
    'server/api/v1/auth/session/support.post.ts': request(
      `${auth}/session/support/`,
      { token: linkParts(support.url).token },
      { sameOrigin: true },
    ),
    'server/api/v1/auth/users/index.post.ts': request(`${auth}/users/`, {
      email: 'registered@example.com',
      password,
      ...names,
    }),
    'server/api/v1/auth/users/activation.post.ts': request(
      `${auth}/users/activation/`,
      await linkFor('activation', realm, place),
    ),
    'server/api/v1/auth/users/resend_activation.post.ts': request(`${auth}/users/resend_activation/`, {
      email: 'resend@example.com',
    }),
    'server/api/v1/auth/users/reset_password.post.ts': request(`${auth}/users/reset_password/`, {
      email: 'forgotten@example.com',
    }),
    'server/api/v1/auth/users/link_lookup.post.ts': request(`${auth}/users/link_lookup/`, {
      ...(await linkFor('welcome', realm, place)),
      purpose: 'reset',
    }),
    'server/api/v1/auth/users/reset_password_confirm.post.ts': request(`${auth}/users/reset_password_confirm/`, {
      ...(await linkFor('reset', realm, place)),
      new_password: password,
    }),
    'server/api/v1/auth/users/set_email_confirm.post.ts': request(
      `${auth}/users/set_email_confirm/`,
      await linkFor('email', realm, place),
    ),
    'server/api/v1/invitations/lookup.post.ts': request(`${api}/invitations/lookup/`, invitation),
    'server/api/v1/invitations/accept.post.ts': request(`${api}/invitations/accept/`, {
      ...invitation,
      ...names,
      password,
    }),
  }
}

async function linkFor(
  purpose: LinkPurpose,
  authRealm: AuthRealm<TenantRealm>,
  place: Place,
): Promise<{ uid: string; token: string }> {
  const { realm } = authRealm
  const { users } = realm.tables
  const person = await addPerson(world, place, `${purpose}@example.com`)
  if (purpose === 'activation') await realm.db.update(users).set({ activated_at: null }).where(eq(users.id, person.id))
  await openLink(
    realm.db,
    realm,
    purpose,
    eq(users.id, person.id),
    purpose === 'email' ? { email: 'new-address@example.com' } : null,
  )
  return linkParts((await issueLink(realm.db, authRealm, person.id, purpose))!)
}

/** The body with a wrong token, challenge, passkey or password. */
function wronged(body: object): object {
  if ('token' in body) return { ...body, token: 'x'.repeat(43) }
  if ('challenge' in body) return { ...body, challenge: 'x'.repeat(43) }
  if ('credential' in body) return { credential: { ...(body.credential as object), id: 'x'.repeat(43) } }
  return { ...body, email: 'nobody@example.com', password: 'not the password at all' }
}

/** Invalid tokens are rejected before the tenant is looked up. */
function isToken(file: string): boolean {
  return /jwt\/(?:verify|refresh|blacklist)/.test(file)
}

async function publicEndpoints(): Promise<string[]> {
  const routes = (await readRoutes())
    .filter(({ method, surfaces }) => method !== 'GET' && surfaces.includes('portal'))
    .map(({ file }) => file)
  const isPublic = new Set(
    readSources('server/api/**/*.ts')
      .filter(({ code }) => code.includes("access: 'public'"))
      .map(({ file }) => file),
  )
  return routes.filter(file => isPublic.has(file)).sort()
}
