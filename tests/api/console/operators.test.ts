import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Operator } from '../../support/data/operators.ts'
import { addOperator } from '../../support/data/operators.ts'
import { lastMailTo, linkParts } from '../../support/data/mails.ts'
import { readSources } from '../../support/sources.ts'
import type { Answer, Call } from '../../support/http.ts'
import type { World } from '../../support/world.ts'
import { api, auth, createWorld, signInAs } from '../../support/world.ts'

let world: World
let owner: string
let support: Operator
let reader: Operator
let acmeAdmin: string
beforeAll(async () => {
  world = await createWorld({ ACCESS_TTL: '3600' })
  owner = (await signInAs(world.console, world.console.admin)).access
  support = await addOperator(world, 'sam@example.com', 'Support')
  reader = await addOperator(world, 'rita@example.com', 'Staff')
  acmeAdmin = (await signInAs(world.acme, world.acme.admin)).access
})
afterAll(() => world.stop())

describe('an operator', () => {
  test('is invited by a mail with a link to set a password, and has none before', async () => {
    const { status, json } = await onConsole(`${auth}/users/`, {
      token: owner,
      body: { email: 'new@example.com', first_name: 'Noor', role: 'Support' },
    })
    expect([status, json.role, json.is_active]).toEqual([201, 'Support', true])
    const mail = await lastMailTo(world, world.console, 'new@example.com', /account at “Tenantry” via localhost/)
    const link = mail.links.find(url => url.includes('/auth/password/reset/'))!
    expect(link.startsWith(world.console.origin)).toBe(true)
    const password = 'three owls on a wire'
    expect((await onConsole(`${auth}/jwt/create/`, { body: { email: 'new@example.com', password } })).status).toBe(401)
    expect(
      (
        await onConsole(`${auth}/users/reset_password_confirm/`, {
          body: { ...linkParts(link), new_password: password },
        })
      ).status,
    ).toBe(204)
    const { access } = await signInAs(world.console, { id: json.id, email: 'new@example.com', password })
    expect((await onConsole(`${auth}/users/me/`, { token: access })).json).toMatchObject({
      role: 'Support',
      support: null,
    })
  })

  test("has one of three roles, and an organisation's people have two of them", async () => {
    const path = `${auth}/users/${reader.id}/`
    for (const role of ['Support', 'Staff'])
      expect((await onConsole(path, { method: 'PATCH', token: owner, body: { role } })).json.role).toBe(role)
    expect((await onConsole(path, { method: 'PATCH', token: owner, body: { role: 'Root' } })).json).toEqual({
      role: ['"Root" is not a valid choice.'],
    })
    expect(
      (
        await world.acme.call(`${auth}/users/${world.acme.staff.id}/`, {
          method: 'PATCH',
          token: acmeAdmin,
          body: { role: 'Support' },
        })
      ).json,
    ).toEqual({ role: ['"Support" is not a valid choice.'] })
    expect(
      (await world.acme.call(`${auth}/users/`, { token: acmeAdmin, body: { email: 'x@example.com', role: 'Support' } }))
        .status,
    ).toBe(400)
    expect(
      (
        await world.acme.call(`${api}/invitations/`, {
          token: acmeAdmin,
          body: { email: 'x@example.com', role: 'Support' },
        })
      ).status,
    ).toBe(400)
  })

  test('does not register, and cannot raise their own role', async () => {
    expect(
      (await onConsole(`${auth}/users/`, { body: { email: 'me@example.com', password: 'an unlikely row of words' } }))
        .json.code,
    ).toBe('registration_closed')
    for (const { token, id } of [support, reader]) {
      expect(
        (await onConsole(`${auth}/users/`, { token, body: { email: 'me@example.com', role: 'Admin' } })).status,
      ).toBe(403)
      expect(
        (await onConsole(`${auth}/users/${id}/`, { method: 'PATCH', token, body: { role: 'Admin', is_active: true } }))
          .json.role,
      ).not.toBe('Admin')
      expect(
        (await onConsole(`${auth}/users/me/`, { method: 'PATCH', token, body: { role: 'Admin' } })).json.role,
      ).not.toBe('Admin')
      expect(
        (
          await onConsole(`${auth}/users/${world.console.admin.id}/`, {
            method: 'PATCH',
            token,
            body: { is_active: false },
          })
        ).status,
      ).toBe(404)
      expect((await onConsole(`${auth}/users/`, { token })).json.count).toBe(1)
    }
  })

  test('who is the last active Owner stays one', async () => {
    const path = `${auth}/users/${world.console.admin.id}/`
    for (const body of [{ role: 'Support' }, { role: 'Staff' }, { is_active: false }]) {
      expect((await onConsole(path, { method: 'PATCH', token: owner, body })).json.code).toBe('last_admin')
    }
    expect(
      (
        await onConsole(path, {
          method: 'DELETE',
          token: owner,
          body: { current_password: world.console.admin.password },
        })
      ).json.code,
    ).toBe('last_admin')
    const second = await addOperator(world, 'second@example.com', 'Admin')
    expect((await onConsole(path, { method: 'PATCH', token: second.token, body: { role: 'Support' } })).status).toBe(
      200,
    )
    expect(
      (
        await onConsole(`${auth}/users/${second.id}/`, {
          method: 'PATCH',
          token: second.token,
          body: { role: 'Support' },
        })
      ).json.code,
    ).toBe('last_admin')
    expect((await onConsole(path, { method: 'PATCH', token: second.token, body: { role: 'Admin' } })).status).toBe(200)
    expect(
      (
        await onConsole(`${auth}/users/${second.id}/`, {
          method: 'DELETE',
          token: owner,
          body: { current_password: world.console.admin.password },
        })
      ).status,
    ).toBe(204)
  })

  test('who is deactivated can do nothing from the next request on, AZ-20', async () => {
    const gone = await addOperator(world, 'gone@example.com', 'Support')
    expect((await onConsole(`${api}/overview/`, { token: gone.token })).status).toBe(200)
    await onConsole(`${auth}/users/${gone.id}/`, { method: 'PATCH', token: owner, body: { is_active: false } })
    for (const { path, method } of consoleRoutes())
      expect([path, (await onConsole(path, { token: gone.token, ...bodyFor(method) })).status]).toEqual([path, 401])
  })
})

describe('the console', () => {
  test("is for operators only: an organisation's Admin has no access, AZ-20", async () => {
    for (const { path, method } of consoleRoutes()) {
      expect([path, (await onConsole(path, bodyFor(method))).status]).toEqual([path, 401])
      expect([path, (await onConsole(path, { token: acmeAdmin, ...bodyFor(method) })).status]).toEqual([path, 401])
    }
  })

  test('is not on a portal, where its operators have no access either, TEN-17', async () => {
    for (const { path, method } of consoleRoutes()) {
      expect([path, (await world.acme.call(path, { token: acmeAdmin, ...bodyFor(method) })).status]).toEqual([
        path,
        404,
      ])
    }
    for (const token of [owner, support.token, reader.token]) {
      expect((await world.acme.call(`${auth}/users/me/`, { token })).status).toBe(401)
      expect((await world.acme.call(`${api}/users/`, { token })).status).toBe(401)
    }
  })

  test('lets each role do what its permission says, and nothing else', async () => {
    const tokens = { owner, support: support.token, reader: reader.token }
    const allowed: Record<string, (keyof typeof tokens)[]> = {
      canReadTenants: ['owner', 'support', 'reader'],
      canSupportTenants: ['owner', 'support'],
      canManageTenants: ['owner'],
      canManageArchives: ['owner'],
      canDecideSignups: ['owner'],
    }
    for (const { path, method, permission } of consoleRoutes()) {
      for (const [role, token] of Object.entries(tokens)) {
        const may = allowed[permission]!.includes(role as never)
        // Requests that would change something are sent only by operators who may not make them.
        if (may && method !== 'GET') continue
        const { status } = await onConsole(path, { token, ...bodyFor(method) })
        expect([role, method, path, status === 403]).toEqual([role, method, path, !may])
      }
    }
  })

  test('shows the record to Owner and Support', async () => {
    const statuses = await Promise.all(
      [owner, support.token, reader.token].map(async token => (await onConsole(`${api}/audit/`, { token })).status),
    )
    expect(statuses).toEqual([200, 200, 403])
  })
})

/** Every route of the console, with an unused id for each parameter. */
function consoleRoutes(): { path: string; method: string; permission: string }[] {
  const routes = readSources('server/api/v1/**/*.ts').flatMap(({ file, code }) => {
    const permission = /definePlatformRoute\(\s*\{(?:[^{}]|\{[^{}]*\})*?\baccess: (\w+)/.exec(code)?.[1]
    if (!permission) return []
    const [, name = '', method = ''] = /^server(.+?)\.(\w+)\.ts$/.exec(file)!
    const path = name.replace(/\/index$/, '').replaceAll(/\[\w+\]/g, '01940000-0000-7000-8000-000000000000')
    return [{ path: `${path}/`, method: method.toUpperCase(), permission }]
  })
  expect(routes.length).toBeGreaterThan(8)
  return routes
}

function bodyFor(method: string): Call {
  return method === 'GET' ? {} : { method, body: {} }
}

function onConsole(path: string, options?: Call): Promise<Answer> {
  return world.console.call(path, options)
}
