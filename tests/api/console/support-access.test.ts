import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { TenantRealm } from '#server/database/realms.ts'
import { fromSystem } from '#server/domain/context.ts'
import { endExpiredAccesses } from '#server/domain/support/end.ts'
import { resumeTenant, suspendTenant } from '#server/domain/tenants/lifecycle/suspension.ts'
import type { AuditEvent } from '#shared/answers/audit.ts'
import { lastMailTo, linkParts } from '../../support/data/mails.ts'
import type { Operator } from '../../support/data/operators.ts'
import { addOperator, openSupport } from '../../support/data/operators.ts'
import type { Answer, Call } from '../../support/http.ts'
import { readSources } from '../../support/sources.ts'
import type { World } from '../../support/world.ts'
import { addPerson, api, auth, createWorld, realmOf, signInAs, signInWithCookies } from '../../support/world.ts'

let world: World
let operator: Operator
let admin: string
beforeAll(async () => {
  world = await createWorld({ ACCESS_TTL: '3600' })
  operator = await addOperator(world, 'sam@example.com', 'Support')
  admin = (await signInAs(world.acme, world.acme.admin)).access
})
afterAll(() => world.stop())

describe('requesting support access', () => {
  test("takes a reason and one of the organisation's active people", async () => {
    const gone = await addPerson(world, world.acme, 'gone@example.com', { is_active: false })
    const ask = async (body: object) =>
      (await onConsole(accessesOf(world.acme.id), { token: operator.token, body })).json
    expect(await ask({ user: world.acme.staff.id })).toEqual({ reason: ['This field is required.'] })
    expect(await ask({ user: world.acme.staff.id, reason: '  ' })).toEqual({ reason: ['This field may not be blank.'] })
    for (const user of [gone.id, world.globex.staff.id, operator.id]) {
      expect(await ask({ user, reason: 'Ticket 4711' })).toEqual({
        user: [`Invalid pk "${user}" - object does not exist.`],
      })
    }
    expect(
      (
        await onConsole(accessesOf('01940000-0000-7000-8000-000000000000'), {
          token: operator.token,
          body: { user: gone.id, reason: 'x' },
        })
      ).status,
    ).toBe(404)
  })

  test('lists the users who can be chosen, only the first few matches', async () => {
    const { json } = await onConsole(`${api}/tenants/${world.acme.id}/users/?search=BEN`, { token: operator.token })
    expect(json.results).toEqual([
      { id: world.acme.staff.id, email: 'ben@example.com', first_name: '', last_name: '', role: 'Staff' },
    ])
  })

  test("gives a link to the organisation's own host, good once, for a minute, and used up by opening alone", async () => {
    const { status, json } = await request()
    expect(status).toBe(201)
    expect(json.url).toMatch(new RegExp(`^${world.acme.origin}/support/[\\w-]{43}$`))
    expect(Date.parse(json.expires_at) - Date.now()).toBeLessThanOrEqual(60_000)
    const page = await world.acme.call(new URL(json.url).pathname, { accept: 'text/html' })
    expect([
      page.status,
      page.headers['referrer-policy'],
      Object.keys(page.cookies).some(name => name.startsWith('tenantry_access')),
    ]).toEqual([200, 'no-referrer', false])
    expect((await open(json.url)).status).toBe(200)
    expect((await open(json.url)).json).toEqual({ token: ['This link has been used or is too old.'] })
  })

  test('is opened by one of two concurrent requests', async () => {
    const { json } = await request()
    const statuses = (await Promise.all([open(json.url), open(json.url)])).map(({ status }) => status)
    expect(statuses.sort()).toEqual([200, 400])
  })

  test('is refused at another organisation, when it has expired, or from another site', async () => {
    const { json } = await request()
    const token = tokenIn(json.url)
    expect((await world.globex.call(`${auth}/session/support/`, { body: { token }, sameOrigin: true })).status).toBe(
      400,
    )
    expect(
      (
        await world.acme.call(`${auth}/session/support/`, {
          body: { token },
          headers: { 'sec-fetch-site': 'cross-site' },
        })
      ).json.code,
    ).toBe('cross_site')
    await outdate(json.id)
    expect((await open(json.url)).status).toBe(400)
  })

  test('is refused where the organisation does not allow it, also between asking and opening', async () => {
    const { json } = await request()
    const {
      db,
      tables: { settings },
    } = realmOf(world.app, world.acme).realm as TenantRealm
    await db.update(settings).set({ allows_support: false })
    expect((await open(json.url)).json.code).toBe('support_refused')
    expect((await request()).json).toMatchObject({ code: 'support_refused' })
    await db.update(settings).set({ allows_support: true })
    expect((await open(json.url)).status).toBe(200)
  })
})

describe('a support session', () => {
  test('is shown as one to the operator and to the Admins, and is recorded on both sides', async () => {
    const session = await openSupport(world, operator.token, world.acme.staff)
    const me = await onAcme(`${auth}/users/me/`, { token: session.token })
    expect(me.json).toMatchObject({
      id: world.acme.staff.id,
      support: { operator_email: 'sam@example.com', is_read_only: true },
    })
    expect(Date.parse(me.json.support.expires_at) - Date.now()).toBeLessThanOrEqual(30 * 60_000)
    const { json } = await onAcme(`${api}/sessions/?user=${world.acme.staff.id}`, { token: admin })
    expect(json.results[0].support).toBe('sam@example.com')
    const opened = {
      access: session.id,
      operator: 'sam@example.com',
      user: world.acme.staff.id,
      reason: 'Ticket 4711',
      is_read_only: true,
    }
    expect((await lastEvent('acme', 'support.opened')).details).toMatchObject(opened)
    expect(await lastEvent('console', 'support.opened')).toMatchObject({
      actor: operator.id,
      subject: world.acme.id,
      // The console cannot look up the names of an organisation's users.
      details: { ...opened, user: world.acme.staff.email },
    })
    expect((await lastEvent('console', 'support.requested')).details.user).toBe(world.acme.staff.email)
  })

  test('whose operator is not known is not taken for the user’s own', async () => {
    const session = await openSupport(world, operator.token, world.acme.staff)
    const {
      db,
      tables: { sessions },
    } = realmOf(world.app, world.acme).realm
    // As a process of the version before this column opens it.
    await db.update(sessions).set({ support_operator: null }).where(eq(sessions.support_access, session.id))
    const me = await onAcme(`${auth}/users/me/`, { token: session.token })
    expect(me.json.support).toMatchObject({ operator_email: 'unknown', is_read_only: true })
    const change = { method: 'PATCH', token: session.token, body: { first_name: 'Someone' } }
    expect((await onAcme(`${auth}/users/me/`, change)).json.code).toBe('read_only')
  })

  test('is refreshed, but not past its end', async () => {
    const session = await openSupport(world, operator.token, world.acme.staff)
    const renewed = await onAcme(`${auth}/session/refresh/`, {
      method: 'POST',
      cookies: session.cookies,
      sameOrigin: true,
    })
    expect(renewed.status).toBe(200)
    const me = await onAcme(`${auth}/users/me/`, { cookies: renewed.cookies })
    expect(me.json.support.is_read_only).toBe(true)
    const {
      db,
      tables: { sessions },
    } = realmOf(world.app, world.acme).realm
    await db
      .update(sessions)
      .set({ expires_at: new Date(Date.now() - 1_000) })
      .where(eq(sessions.support_access, session.id))
    expect((await onAcme(`${auth}/users/me/`, { cookies: renewed.cookies })).json.code).toBe('session_revoked')
    expect(
      (await onAcme(`${auth}/session/refresh/`, { method: 'POST', cookies: renewed.cookies, sameOrigin: true })).status,
    ).toBe(401)
  })

  test('that is read-only changes nothing by any route, with cookie and with token', async () => {
    const session = await openSupport(world, operator.token, world.acme.admin)
    const unsafe = portalRoutes().filter(({ method, isPublic }) => method !== 'GET' && !isPublic)
    expect(unsafe.length).toBeGreaterThan(20)
    for (const { path, method, headers, body } of unsafe) {
      for (const credentials of [{ token: session.token }, { cookies: session.cookies, sameOrigin: true }]) {
        const { status, json } = await onAcme(path, { method, headers, body, ...credentials })
        expect([method, path, status, json?.code]).toEqual([method, path, 403, 'read_only'])
      }
    }
    expect(
      (await onAcme(`${auth}/users/`, { token: session.token, body: { email: 'x@example.com', role: 'Admin' } })).json
        .code,
    ).toBe('read_only')
    expect((await onAcme(`${api}/users/`, { token: session.token })).status).toBe(200)
  })

  test('exports nothing and changes nothing that would outlive it, read-only or not', async () => {
    const session = await openSupport(world, operator.token, world.acme.admin, { is_read_only: false })
    const mayDo = [
      'DELETE /departments/*',
      'PATCH /departments/*',
      'PUT /departments/*',
      'POST /departments',
      'POST /departments/*/transfers',
      'DELETE /organization/logo',
      'PUT /organization/logo',
      'DELETE /users/*/photo',
      'PUT /users/*/photo',
      'PATCH /auth/users/*',
      'PUT /auth/users/*',
      'PATCH /auth/users/me',
      'PUT /auth/users/me',
    ]
    const isExport = (path: string) => /export|archive/.test(path)
    const closed = portalRoutes().filter(
      ({ name, method, path, isPublic }) => !isPublic && (method === 'GET' ? isExport(path) : !mayDo.includes(name)),
    )
    expect(closed.length).toBeGreaterThan(10)
    for (const { path, method, headers, body } of closed) {
      const { status, json } = await onAcme(path, { method, headers, body, token: session.token })
      expect([method, path, status, json?.code]).toEqual([method, path, 403, 'support_refused'])
    }
    expect(
      (await onAcme(`${auth}/users/`, { token: session.token, body: { email: 'x@example.com', role: 'Admin' } })).json
        .code,
    ).toBe('support_refused')
  })

  test('that is not read-only allows changes, recorded for the operator, without new permissions', async () => {
    const session = await openSupport(world, operator.token, world.acme.admin, { is_read_only: false })
    expect((await onAcme(`${api}/departments/`, { token: session.token, body: { name: 'Repairs' } })).status).toBe(201)
    expect(await lastEvent('acme', 'department.created')).toMatchObject({
      actor: world.acme.admin.id,
      details: { name: 'Repairs', support: 'sam@example.com' },
    })
    const change = (body: object) =>
      onAcme(`${auth}/users/${world.acme.staff.id}/`, { method: 'PATCH', token: session.token, body })
    expect((await change({ first_name: 'Ben', role: 'Staff', is_active: true })).json.first_name).toBe('Ben')
    for (const body of [{ role: 'Admin' }, { is_active: false }, { language: 'ar' }])
      expect((await change(body)).json.code).toBe('support_refused')
    const changeOwn = (body: object) => onAcme(`${auth}/users/me/`, { method: 'PATCH', token: session.token, body })
    expect((await changeOwn({ first_name: 'Ann', language: null })).json).toMatchObject({
      first_name: 'Ann',
      language: null,
    })
    expect((await changeOwn({ language: 'ar' })).json.code).toBe('support_refused')
  })

  test('does not widen what the user may do', async () => {
    const session = await openSupport(world, operator.token, world.acme.staff, { is_read_only: false })
    expect((await onAcme(`${api}/departments/`, { token: session.token, body: { name: 'Mine' } })).status).toBe(403)
    expect((await onAcme(`${api}/audit/`, { token: session.token })).status).toBe(403)
    expect((await world.globex.call(`${api}/users/`, { token: session.token })).status).toBe(401)
    expect((await onConsole(`${api}/tenants/`, { token: session.token })).status).toBe(401)
  })
})

describe('a support session ends', () => {
  const isOver = async (session: { token: string }) =>
    (await onAcme(`${auth}/users/me/`, { token: session.token })).json.code === 'session_revoked'

  test('when the operator signs out, and is on both records', async () => {
    const session = await openSupport(world, operator.token, world.acme.staff)
    expect(
      (await onAcme(`${auth}/session/`, { method: 'DELETE', cookies: session.cookies, sameOrigin: true })).status,
    ).toBe(204)
    expect(await isOver(session)).toBe(true)
    for (const side of ['acme', 'console'] as const)
      expect((await lastEvent(side, 'support.ended')).details).toMatchObject({ access: session.id, reason: 'logout' })
    expect((await lastEvent('acme', 'session.ended')).details).toMatchObject({
      reason: 'logout',
      support: 'sam@example.com',
    })
  })

  test('when any operator who may ends it on the console', async () => {
    const session = await openSupport(world, operator.token, world.acme.staff)
    const owner = (await signInAs(world.console, world.console.admin)).access
    const listed = await onConsole(`${api}/support-accesses/?tenant=${world.acme.id}&is_open=true`, { token: owner })
    expect(listed.json.results[0]).toMatchObject({
      id: session.id,
      operator_email: 'sam@example.com',
      tenant_name: 'Acme Ltd',
      reason: 'Ticket 4711',
      ended_at: null,
    })
    expect(listed.text).not.toContain('token')
    expect((await onConsole(`${api}/support-accesses/${session.id}/`, { method: 'DELETE', token: owner })).status).toBe(
      204,
    )
    expect(await isOver(session)).toBe(true)
    expect(await lastEvent('console', 'support.ended')).toMatchObject({
      actor: world.console.admin.id,
      details: { access: session.id },
    })
    expect((await onConsole(`${api}/support-accesses/${session.id}/`, { method: 'DELETE', token: owner })).status).toBe(
      404,
    )
  })

  test('when the user or an Admin ends the session', async () => {
    const person = await signInWithCookies(world.acme, world.acme.staff)
    const session = await openSupport(world, operator.token, world.acme.staff)
    const { json } = await onAcme(`${api}/sessions/`, { cookies: person })
    const { id } = json.results.find((row: { support: string | null }) => row.support)
    expect((await onAcme(`${api}/sessions/${id}/`, { method: 'DELETE', token: admin })).status).toBe(204)
    expect(await isOver(session)).toBe(true)
    expect((await lastEvent('acme', 'support.ended')).actor).toBe(world.acme.admin.id)
    expect((await lastEvent('console', 'support.ended')).actor).toBe(null)
    expect((await onAcme(`${auth}/users/me/`, { cookies: person })).json.support).toBe(null)
  })

  test('when its link is taken back before it is opened', async () => {
    const { json } = await request()
    expect(
      (await onConsole(`${api}/support-accesses/${json.id}/`, { method: 'DELETE', token: operator.token })).status,
    ).toBe(204)
    expect((await open(json.url)).status).toBe(400)
    expect(await lastEvent('console', 'support.ended')).toMatchObject({
      actor: operator.id,
      details: { access: json.id, reason: 'revoked' },
    })
    expect((await lastEvent('acme', 'support.ended')).details.access).not.toBe(json.id)
  })

  test('when its operator is demoted, deactivated or deleted, together with their unopened links', async () => {
    const owner = await addOperator(world, 'owner@example.com', 'Admin')
    const demote = (id: string) =>
      onConsole(`${auth}/users/${id}/`, { method: 'PATCH', token: owner.token, body: { role: 'Staff' } })
    const deactivate = (id: string) =>
      onConsole(`${auth}/users/${id}/`, { method: 'PATCH', token: owner.token, body: { is_active: false } })
    const remove = (id: string) =>
      onConsole(`${auth}/users/${id}/`, {
        method: 'DELETE',
        token: owner.token,
        body: { current_password: owner.password },
      })
    for (const [i, lose] of [demote, deactivate, remove].entries()) {
      const helper = await addOperator(world, `helper-${i}@example.com`, 'Support')
      const [session, others] = [
        await openSupport(world, helper.token, world.acme.staff),
        await openSupport(world, operator.token, world.acme.staff),
      ]
      const { json } = await onConsole(accessesOf(world.acme.id), {
        token: helper.token,
        body: { user: world.acme.staff.id, reason: 'Ticket 4711' },
      })
      expect((await lose(helper.id)).status).toBeLessThan(300)
      expect([await isOver(session), await isOver(others)]).toEqual([true, false])
      expect((await open(json.url)).status).toBe(400)
      for (const side of ['acme', 'console'] as const)
        expect((await lastEvent(side, 'support.ended')).details).toMatchObject({
          operator: helper.email,
          reason: 'revoked',
        })
      expect((await lastEvent('console', 'support.ended')).actor).toBe(owner.id)
    }
  })

  test("when its operator's password changes or all their sessions are ended, by themselves or by an Owner, together with their unopened links", async () => {
    const owner = await addOperator(world, 'chief@example.com', 'Admin')
    const next = { new_password: 'nine velvet trombones' }
    const change = ({ token, password }: Operator) =>
      onConsole(`${auth}/users/set_password/`, { token, body: { ...next, current_password: password } })
    const reset = async ({ email }: Operator) => {
      await onConsole(`${auth}/users/reset_password/`, { body: { email } })
      const { links } = await lastMailTo(world, world.console, email, /^Set a new password/)
      return onConsole(`${auth}/users/reset_password_confirm/`, { body: { ...linkParts(links[0]!), ...next } })
    }
    const endAll = ({ token }: Operator) => onConsole(`${api}/sessions/`, { method: 'DELETE', token })
    const endAllOf = ({ id }: Operator) =>
      onConsole(`${api}/sessions/?user=${id}`, { method: 'DELETE', token: owner.token })
    for (const [i, lockOut] of [change, reset, endAll, endAllOf].entries()) {
      const helper = await addOperator(world, `careful-${i}@example.com`, 'Support')
      const [session, others] = [
        await openSupport(world, helper.token, world.acme.staff),
        await openSupport(world, operator.token, world.acme.staff),
      ]
      const { json } = await onConsole(accessesOf(world.acme.id), {
        token: helper.token,
        body: { user: world.acme.staff.id, reason: 'Ticket 4711' },
      })
      expect((await lockOut(helper)).status).toBe(204)
      expect([i, await isOver(session), await isOver(others)]).toEqual([i, true, false])
      expect((await open(json.url)).status).toBe(400)
      for (const side of ['acme', 'console'] as const)
        expect((await lastEvent(side, 'support.ended')).details).toMatchObject({
          operator: helper.email,
          reason: 'revoked',
        })
    }
  })

  test('when it expires, which is recorded once', async () => {
    const session = await openSupport(world, operator.token, world.acme.staff)
    await outdate(session.id)
    await Promise.all([endExpiredAccesses(world.app), endExpiredAccesses(world.app)])
    expect((await lastEvent('acme', 'support.ended')).details).toMatchObject({ access: session.id, reason: 'expired' })
    const { json } = await onAcme(`${api}/audit/?action=support.ended&page_size=100`, { token: admin })
    expect(
      json.results.filter((event: { details: { access: string } }) => event.details.access === session.id),
    ).toHaveLength(1)
  })

  test('when the organisation is suspended, and does not come back with it', async () => {
    const session = await openSupport(world, operator.token, world.acme.staff)
    await suspendTenant(world.app, world.acme.id, 'Unpaid', fromSystem)
    expect((await request()).json.code).toBe('tenant_inactive')
    expect([403, 401]).toContain((await onAcme(`${auth}/users/me/`, { token: session.token })).status)
    await resumeTenant(world.app, world.acme.id, fromSystem)
    await expect
      .poll(async () => (await onAcme(`${auth}/users/me/`, { token: session.token })).json.code)
      .toBe('session_revoked')
  })

  test('by suspension on record where it was open, and nowhere else', async () => {
    const [session, past] = [
      await openSupport(world, operator.token, world.acme.staff),
      await openSupport(world, operator.token, world.acme.staff),
    ]
    const [{ json: link }, { json: oldLink }] = [await request(), await request()]
    for (const { id } of [past, oldLink]) await outdate(id)
    await suspendTenant(world.app, world.acme.id, 'Unpaid', fromSystem)
    await resumeTenant(world.app, world.acme.id, fromSystem)
    await endExpiredAccesses(world.app)
    await expect.poll(async () => (await open(link.url)).status).toBe(400)
    for (const side of ['acme', 'console'] as const) {
      const ended = (await events(side, 'support.ended', 100)).filter(({ details }) =>
        [session, past, link, oldLink].some(({ id }) => id === details.access),
      )
      expect(ended.map(({ details }) => [details.access, details.reason]).sort()).toEqual(
        [
          [session.id, 'suspended'],
          [past.id, 'expired'],
        ].sort(),
      )
    }
  })
})

interface Route {
  name: string
  path: string
  method: string
  isPublic: boolean
  headers?: Call['headers']
  body?: unknown
}

/** Every route of the portal, with an unused id for each parameter, and the content type that it accepts. */
function portalRoutes(): Route[] {
  const sources = readSources('server/api/v1/**/*.ts')
  const codeOf = ({ file, code }: (typeof sources)[number]): string => {
    const other = /from '\.\/(.+?)(?:\.ts)?'/.exec(code)?.[1]
    return code.trim().startsWith('export { default }')
      ? sources.find(source => source.file === `${file.slice(0, file.lastIndexOf('/') + 1)}${other}.ts`)!.code
      : code
  }
  return sources
    .filter(source => /define(?:Tenant|Realm)Route\(/.test(codeOf(source)))
    .map(source => {
      const [, stem = '', method = ''] = /^server\/api\/v1(.+?)\.(\w+)\.ts$/.exec(source.file)!
      const plain = stem.replace(/\/index$/, '')
      const path = `${api}${plain.replaceAll(/\[\w+\]/g, '01940000-0000-7000-8000-000000000000')}/`
      const image = /\/(?:photo|logo)$/.test(plain) && method === 'put' ? 'image/png' : undefined
      const type = /import$/.test(plain) ? 'text/csv' : image
      const sent = type ? { body: 'x', headers: { 'content-type': type } } : { body: {} }
      return {
        name: `${method.toUpperCase()} ${plain.replaceAll(/\[\w+\]/g, '*')}`,
        path,
        method: method.toUpperCase(),
        isPublic: /access: 'public'/.test(codeOf(source)),
        ...(method === 'get' ? {} : sent),
      }
    })
}

function request(body: object = {}): Promise<Answer> {
  return onConsole(accessesOf(world.acme.id), {
    token: operator.token,
    body: { user: world.acme.staff.id, reason: 'Ticket 4711', ...body },
  })
}

function open(url: string): Promise<Answer> {
  return onAcme(`${auth}/session/support/`, { body: { token: tokenIn(url) }, sameOrigin: true })
}

function tokenIn(url: string): string {
  return new URL(url).pathname.split('/').at(-1)!
}

async function outdate(access: string): Promise<void> {
  const {
    db,
    tables: { support_accesses: accesses },
  } = world.app.database.platform
  await db
    .update(accesses)
    .set({ expires_at: new Date(Date.now() - 1_000) })
    .where(eq(accesses.id, access))
}

async function lastEvent(side: 'acme' | 'console', action: string) {
  return (await events(side, action, 1))[0]!
}

async function events(side: 'acme' | 'console', action: string, size: number): Promise<AuditEvent[]> {
  const token = side === 'acme' ? admin : operator.token
  return (await world[side].call(`${api}/audit/?action=${action}&page_size=${size}`, { token })).json.results
}

function accessesOf(tenant: string): string {
  return `${api}/tenants/${tenant}/support-accesses/`
}

function onAcme(path: string, options?: Call): Promise<Answer> {
  return world.acme.call(path, options)
}

function onConsole(path: string, options?: Call): Promise<Answer> {
  return world.console.call(path, options)
}
