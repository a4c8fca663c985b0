import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadConfig } from '#server/config.ts'
import { createApp } from '#server/create-app.ts'
import { loadMigrations } from '#server/database/migrations/files.ts'
import { bootstrapPlatform } from '#server/database/migrations/runner.ts'
import { fromSystem } from '#server/domain/context.ts'
import { createOperator } from '#server/domain/users/operators.ts'
import { createLogger } from '#server/logger.ts'
import { sendRaw } from '../../support/raw-http.ts'
import { readSources } from '../../support/sources.ts'
import type { World } from '../../support/world.ts'
import {
  api,
  auth,
  createTestDatabase,
  createWorld,
  realmOf,
  signInAs,
  signInWithCookies,
} from '../../support/world.ts'

/** Every route that requires a permission, as its file declares it. */
const guarded = readSources('server/api/v1/**/*.ts').flatMap(({ file, code }) => {
  const [, definer, permission] =
    /define(Tenant|Realm|Platform)Route\(\s*\{(?:[^{}]|\{[^{}]*\})*?\baccess: (can\w+)/.exec(code) ?? []
  const [, path, method] = /^server\/api\/v1\/(.*?)\.(get|post|put|patch|delete)\.ts$/.exec(file)!
  return permission
    ? [{ definer, permission, method: method!.toUpperCase(), path: path!.replace(/(?:^|\/)index$/, '') }]
    : []
})
/** Every page that requires a permission. */
const pages = readSources('pages/portal/**/*.vue')
  .filter(({ code }) => /\baccess: can/.test(code))
  .map(({ file }) => file.replace(/^pages\/portal|(?:\/index)?\.vue$/g, ''))

let world: World
let admin: string
let staff: string
beforeAll(async () => {
  world = await createWorld({ ACCESS_TTL: '3600' })
  admin = (await signInAs(world.acme, world.acme.admin)).access
  staff = (await signInAs(world.acme, world.acme.staff)).access
})
afterAll(() => world.stop())

describe('Staff, AZ-08', () => {
  const ofPortal = guarded.filter(({ definer }) => definer !== 'Platform')

  test('have routes and pages that they may not use', () => {
    expect(ofPortal.length).toBeGreaterThan(15)
    expect(pages).toEqual(expect.arrayContaining(['/audit', '/settings/organization']))
  })

  test.each(ofPortal)('may not: $method $path, $permission', async ({ method, path }) => {
    const {
      db,
      tables: { audit_events },
    } = realmOf(world.app, world.acme).realm
    const before = await db.$count(audit_events)
    const target = `${api}/${path.replace('[id]', world.acme.admin.id)}/`
    const send = (token: string | undefined) =>
      world.acme.call(target, { method, token, ...(method === 'GET' ? {} : { body: {} }), ...bodyFor(path, method) })
    expect(await send(staff)).toMatchObject({
      status: 403,
      text: '{"detail":"You do not have permission to perform this action."}',
    })
    expect((await send(undefined)).status).toBe(401)
    expect(await db.$count(audit_events)).toBe(before)
  })

  test.each(pages)('get no page, and nothing of what is on it: %s', async path => {
    const cookies = await signInWithCookies(world.acme, world.acme.staff)
    const answer = await world.acme.call(path.replace('[id]', world.acme.admin.id), { cookies, accept: 'text/html' })
    expect(answer.status).toBe(403)
    expect(answer.text).not.toMatch(/office@acme\.test|session\.opened|ann@example\.com/)
    expect((await world.acme.call(path, { accept: 'text/html' })).status).toBe(302)
  })

  test('have the role that an Admin gave them from the next request on, and only as long as they have it, AZ-11', async () => {
    const setRole = (role: string) =>
      world.acme.call(`${auth}/users/${world.acme.staff.id}/`, { method: 'PATCH', token: admin, body: { role } })
    const path = `${auth}/users/${world.acme.staff.id}/`
    const own = { role: 'Admin', employee_id: '1', email: 'x@example.com' }
    const refused = await world.acme.call(path, { method: 'PATCH', token: staff, body: own })
    expect([refused.status, Object.keys(refused.json).sort()]).toEqual([400, Object.keys(own).sort()])
    expect((await world.acme.call(path, { token: staff })).json).toMatchObject({
      role: 'Staff',
      employee_id: null,
      email: 'ben@example.com',
    })
    await setRole('Admin')
    expect((await world.acme.call(`${api}/audit/`, { token: staff })).status).toBe(200)
    await setRole('Staff')
    expect((await world.acme.call(`${api}/audit/`, { token: staff })).status).toBe(403)
  })
})

describe("the operators' routes, AZ-20", () => {
  const ofConsole = guarded.filter(({ definer }) => definer !== 'Tenant')

  test.each(ofConsole)("are not available to a tenant's Admin: $method $path", async ({ method, path, definer }) => {
    const target = `${api}/${path.replace('[id]', world.acme.id)}/`
    const options = { method, token: admin, ...(method === 'GET' ? {} : { body: {} }) }
    expect((await world.console.call(target, options)).status).toBe(401)
    if (definer === 'Platform')
      expect(await world.acme.call(target, options)).toMatchObject({ status: 404, text: '{"detail":"Not found."}' })
  })

  test('are not available to a deactivated operator, from the next request on', async () => {
    const other = { email: 'olga@example.com', password: 'an unlikely row of words' }
    const { user } = await createOperator(world.app, other, fromSystem)
    const { access, refresh } = await signInAs(world.console, { ...other, id: user.id })
    expect((await world.console.call(`${api}/tenants/`, { token: access })).status).toBe(200)
    const operator = (await signInAs(world.console, world.console.admin)).access
    expect(
      (
        await world.console.call(`${auth}/users/${user.id}/`, {
          method: 'PATCH',
          token: operator,
          body: { is_active: false },
        })
      ).status,
    ).toBe(200)
    for (const { path, method } of ofConsole.filter(({ method }) => method === 'GET')) {
      expect(
        await world.console.call(`${api}/${path.replace('[id]', world.acme.id)}/`, { method, token: access }),
      ).toMatchObject({ status: 401, json: { code: 'user_inactive' } })
    }
    expect((await world.console.call(`${auth}/jwt/refresh/`, { body: { refresh } })).status).toBe(401)
    expect(await world.console.call(`${auth}/jwt/create/`, { body: other })).toMatchObject({
      status: 401,
      json: { detail: 'No active account found with the given credentials' },
    })
  })
})

test('a new installation has no user who can sign in, LIFE-12', async () => {
  const app = await createApp(
    loadConfig({ DATABASE_URL: await createTestDatabase(), SECRET: world.env.SECRET, PEPPER: world.env.PEPPER }),
    createLogger('silent'),
    { size: 1 },
  )
  await bootstrapPlatform(app.database, loadMigrations('.', 'platform'))
  const {
    db,
    tables: { users, tenants },
  } = app.database.platform
  expect([await db.$count(users), await db.$count(tenants)]).toEqual([0, 0])
  await app.close()
})

describe('a step of a process without the steps before it, AZ-18', () => {
  test.each([
    ['activation', { uid: 'x', token: 'y' }],
    ['reset_password_confirm', { uid: 'x', token: 'y', new_password: 'an unlikely row of words' }],
    ['set_email_confirm', { uid: 'x', token: 'y' }],
  ])('does nothing: %s', async (step, body) => {
    expect((await world.acme.call(`${auth}/users/${step}/`, { body: {} })).status).toBe(400)
    expect((await world.acme.call(`${auth}/users/${step}/`, { body })).status).toBe(400)
  })

  test('does nothing: an invitation that nobody sent', async () => {
    for (const step of ['accept', 'lookup'])
      expect((await world.acme.call(`${api}/invitations/${step}/`, { body: {} })).status).toBe(400)
  })
})

describe('an oversized request', () => {
  test('of many or long headers or a long address is refused or answered, and no fault of ours, PAR-08', async () => {
    const head = `GET ${auth}/users/me/ HTTP/1.1`
    const host = `Host: ${world.acme.host}`
    const sent = [
      [head, host, ...Array.from({ length: 101 }, (_, i) => `X-Header-${i}: x`)],
      [head, host, `X-Long: ${'x'.repeat(16_384)}`],
      [head, host, `Cookie: ${'a=b; '.repeat(2_000)}`],
      [`GET ${api}/users/?search=${'x'.repeat(8_192)} HTTP/1.1`, host, `Authorization: Bearer ${admin}`],
      [`GET /${'x'.repeat(8_192)} HTTP/1.1`, host, 'Accept: text/html'],
    ]
    for (const lines of sent) expect((await sendRaw(world.port, lines)).status).toBeOneOf([400, 401, 404, 414, 431])
    expect((await world.acme.call(`${auth}/users/me/`, { token: admin })).status).toBe(200)
  })

  test.each([
    '1',
    '1.0',
    '1e0',
    '+1',
    '%201',
    '9223372036854775808',
    '-1',
    '%00',
    '%C0%80',
    '%EF%BC%91',
    '%F0%9F%92%A9',
    'null',
    'undefined',
    '[object%20Object]',
    '01900000-0000-7000-8000-00000000000',
    '{id}',
    '..%00',
  ])("has an id that is none, which is nobody's: %s, PAR-09", async id => {
    for (const path of [`${auth}/users/`, `${api}/users/`, `${api}/departments/`, `${api}/invitations/`]) {
      expect(
        (
          await sendRaw(world.port, [
            `GET ${path}${id}/ HTTP/1.1`,
            `Host: ${world.acme.host}`,
            `Authorization: Bearer ${admin}`,
          ])
        ).status,
      ).toBeOneOf([400, 404])
    }
  })
})

// A route with a content type other than JSON rejects JSON before it checks the caller.
function bodyFor(path: string, method: string) {
  const image = method === 'PUT' && /logo$|photo$/.test(path) ? 'image/png' : undefined
  const type = path === 'users/import' ? 'text/csv' : image
  return type ? { body: 'x', headers: { 'content-type': type } } : {}
}
