import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Answer, Call } from '../../support/http.ts'
import type { World } from '../../support/world.ts'
import { addPerson, api, auth, createWorld, realmOf, signInAs } from '../../support/world.ts'

const audit = `${api}/audit/`

let world: World
let admin: string
let staff: string
let globexAdmin: string
let operator: string
beforeAll(async () => {
  world = await createWorld({ ACCESS_TTL: '3600' })
  admin = (await signInAs(world.acme, world.acme.admin)).access
  staff = (await signInAs(world.acme, world.acme.staff)).access
  globexAdmin = (await signInAs(world.globex, world.globex.admin)).access
  operator = (await signInAs(world.console, world.console.admin)).access
  await acme(`${api}/departments/`, { token: admin, body: { name: "Acme's secret lab" } })
  await world.globex.call(`${api}/departments/`, { token: globexAdmin, body: { name: "Globex's secret lab" } })
})
afterAll(() => world.stop())

describe('the record', () => {
  test('is for Admins, each of their own organisation', async () => {
    for (const path of [audit, `${api}/audit/export.csv`]) {
      expect((await acme(path)).status).toBe(401)
      expect((await acme(path, { token: staff })).status).toBe(403)
      expect((await acme(path, { token: globexAdmin })).status).toBe(401)
      const [here, there, above] = await Promise.all([
        acme(path, { token: admin }),
        world.globex.call(path, { token: globexAdmin }),
        world.console.call(path, { token: operator }),
      ])
      expect([here.status, there.status, above.status]).toEqual([200, 200, 200])
      expect([here.text.includes("Acme's secret"), here.text.includes("Globex's secret")]).toEqual([true, false])
      expect([there.text.includes("Acme's secret"), there.text.includes("Globex's secret")]).toEqual([false, true])
      expect(above.text).not.toMatch(/secret lab/)
    }
  })

  test('has who did what to whom, when and from where, and no more', async () => {
    const { json } = await acme(`${audit}?action=department.created`, { token: admin })
    expect(json).toMatchObject({ count: 1, next: null, previous: null })
    expect(json.results[0]).toEqual({
      id: expect.any(String),
      created: expect.stringMatching(/Z$/),
      action: 'department.created',
      actor: world.acme.admin.id,
      actor_email: 'ann@example.com',
      subject: expect.any(String),
      ip: '127.0.0.1',
      details: { name: "Acme's secret lab" },
      names: { [world.acme.admin.id]: 'ann@example.com', [json.results[0].subject]: "Acme's secret lab" },
    })
  })

  test('names in its file whom or what an event was about', async () => {
    const { text } = await acme(`${api}/audit/export.csv?action=user.created&search=ben@example.com`, { token: admin })
    const [header, ...rows] = text
      .replace('\uFEFF', '')
      .trim()
      .split('\r\n')
      .map(line => line.split(','))
    expect(header).toEqual([
      'id',
      'created',
      'action',
      'actor',
      'actor_email',
      'support',
      'subject',
      'subject_name',
      'ip',
      'details',
    ])
    expect(rows.map(row => row.slice(6, 8))).toEqual([[world.acme.staff.id, 'ben@example.com']])
  })

  test('is filtered by action, group of actions, actor, subject and time, searched for people and ordered', async () => {
    await acme(`${auth}/users/${world.acme.staff.id}/`, {
      method: 'PATCH',
      token: admin,
      body: { first_name: 'Benjamin' },
    })
    const actions = async (query: string) =>
      (await acme(`${audit}?${query}`, { token: admin })).json.results.map((event: { action: string }) => event.action)
    expect(await actions(`actor=${world.acme.admin.id}&subject=${world.acme.staff.id}`)).toEqual(['user.changed'])
    expect(await actions('action=departments')).toEqual(['department.created'])
    expect(new Set(await actions('action=sessions'))).toEqual(new Set(['session.opened']))
    expect(await actions('action=constructor')).toEqual([])
    expect(await actions('search=secret%20lab')).toEqual(['department.created'])
    expect(await actions('search=benjamin')).toEqual(['user.changed', 'session.opened', 'user.created'])
    expect(await actions('search=ben@example.com')).toEqual(['user.changed', 'session.opened', 'user.created'])
    expect(await actions(`since=${new Date(Date.now() + 60_000).toISOString()}`)).toEqual([])
    expect((await actions(`until=${new Date(Date.now() + 60_000).toISOString()}`)).length).toBeGreaterThan(4)
    expect((await actions('ordering=created&page_size=1'))[0]).toBe('user.created')
    expect((await actions('page_size=1'))[0]).toBe('user.changed')
    for (const query of [
      'since=yesterday',
      'since=2026-02-30',
      'since=0000-01-01',
      'until=0001-01-01T00:00:00%2B01:00',
      'until=9999-12-31T23:59:59-14:00',
      'actor=me',
      'subject=1',
      'ordering=details',
      'action=%00',
      `action=${'x'.repeat(101)}`,
    ]) {
      expect((await acme(`${audit}?${query}`, { token: admin })).status).toBe(400)
    }
  })

  test('of a day has the events from its first to its last moment, in UTC', async () => {
    const day = (offset: number) => new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10)
    const count = async (query: string) => (await acme(`${audit}?${query}`, { token: admin })).json.count
    const all = await count('')
    expect(await count(`since=${day(-1)}&until=${day(0)}`)).toBe(all)
    expect(await count(`until=${day(-1)}`)).toBe(0)
    expect(await count(`since=${day(1)}`)).toBe(0)
  })

  test('is append-only: the database refuses to change or remove an event, OBS-06', async () => {
    const {
      db,
      tables: { audit_events },
    } = realmOf(world.app, world.acme).realm
    const before = await db.$count(audit_events)
    const refusal = 'permission denied for table audit_events'
    for (const statement of [
      sql`update ${audit_events} set action = 'nothing'`,
      sql`delete from ${audit_events}`,
      sql`delete from ${audit_events} where false`,
      sql`truncate ${audit_events}`,
    ]) {
      await expect(db.execute(statement)).rejects.toMatchObject({ cause: { message: refusal } })
    }
    await expect(world.app.database.platform.db.execute(sql`delete from platform.audit_events`)).rejects.toMatchObject({
      cause: { message: refusal },
    })
    expect(await db.$count(audit_events)).toBe(before)
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'])
      expect((await acme(audit, { method, token: admin })).status).toBe(405)
  })

  test('outlives the people in it, and goes with its whole schema', async () => {
    const { json: person } = await acme(`${auth}/users/`, {
      token: admin,
      body: { email: 'mia@example.com', password: 'an unlikely row of words' },
    })
    await acme(`${auth}/users/${person.id}/`, {
      method: 'DELETE',
      token: admin,
      body: { current_password: world.acme.admin.password },
    })
    const { json } = await acme(`${audit}?subject=${person.id}`, { token: admin })
    expect(json.results.map((event: { action: string }) => event.action)).toEqual(['user.deleted', 'user.created'])

    const { transaction } = world.app.database.platform
    const rolledBack = new Error('Rolled back.')
    const dropping = transaction(async tx => {
      await tx.execute(sql`drop schema ${sql.identifier(world.globex.schema)} cascade`)
      throw rolledBack
    })
    await expect(dropping).rejects.toBe(rolledBack)
  })
})

describe('everything that happens', () => {
  test('to users is recorded, with actor, action, address, old and new values', async () => {
    const { json: person } = await acme(`${auth}/users/`, {
      token: admin,
      body: { email: 'kim@example.com', password: 'an unlikely row of words' },
    })
    const { json: old } = await acme(`${api}/departments/`, { token: admin, body: { name: 'Here' } })
    const { json: other } = await acme(`${api}/departments/`, { token: admin, body: { name: 'There' } })
    await acme(`${auth}/users/${person.id}/`, {
      method: 'PATCH',
      token: admin,
      body: { role: 'Admin', department: old.id },
    })
    await acme(`${auth}/users/${person.id}/`, { method: 'PATCH', token: admin, body: { role: 'Admin' } })
    await acme(`${api}/departments/${old.id}/transfers/`, { token: admin, body: { department: other.id } })
    await acme(`${auth}/users/${person.id}/`, { method: 'PATCH', token: admin, body: { is_active: false } })
    await acme(`${auth}/users/${person.id}/`, {
      method: 'DELETE',
      token: admin,
      body: { current_password: world.acme.admin.password },
    })
    const { results } = (await acme(`${audit}?subject=${person.id}`, { token: admin })).json
    expect(results.map(({ action, details }: { action: string; details: object }) => [action, details])).toEqual([
      ['user.deleted', { email: 'kim@example.com', first_name: '', last_name: '', role: 'Admin' }],
      ['user.changed', { is_active: { from: true, to: false } }],
      ['user.changed', { department: { from: old.id, to: other.id } }],
      ['user.changed', { role: { from: 'Staff', to: 'Admin' }, department: { from: null, to: old.id } }],
      ['user.created', { email: 'kim@example.com', role: 'Staff' }],
    ])
    for (const event of results)
      expect(event).toMatchObject({ actor: world.acme.admin.id, ip: '127.0.0.1', created: expect.stringMatching(/Z$/) })
    expect(results[2].names).toMatchObject({ [old.id]: 'Here', [other.id]: 'There' })
    await expect
      .poll(() => logged('role_changed'))
      .toEqual([
        expect.objectContaining({
          tenant: world.acme.id,
          user: world.acme.admin.id,
          subject: person.id,
          from: 'Staff',
          to: 'Admin',
        }),
      ])
  })

  test('at the sign-in endpoints is recorded and logged with its request: sign-ins, refusals, limits, reuse, foreign tokens, OBS-02', async () => {
    const { refresh } = await signInAs(world.acme, world.acme.staff)
    const { refresh: second } = (await acme(`${auth}/jwt/refresh/`, { body: { refresh } })).json
    await acme(`${auth}/jwt/refresh/`, { body: { refresh: second } })
    await acme(`${auth}/jwt/refresh/`, { body: { refresh } })
    await acme(`${auth}/users/me/`, { token: globexAdmin })
    await acme(`${auth}/users/set_password/`, {
      token: staff,
      body: { current_password: 'wrong', new_password: 'violet mornings at sea' },
    })
    for (let i = 0; i < 12; i++)
      await acme(`${auth}/jwt/create/`, { body: { email: 'nobody@example.com', password: 'wrong' } })
    for (const [action, subject] of [
      ['session.reuse_detected', world.acme.staff.id],
      ['token.foreign', null],
      ['user.password_refused', world.acme.staff.id],
      ['session.refused', null],
      ['limit.reached', null],
    ]) {
      const {
        results: [event],
      } = (await acme(`${audit}?action=${action}`, { token: admin })).json
      expect(event).toMatchObject({ action, subject, ip: '127.0.0.1' })
    }
    expect((await acme(`${audit}?action=limit.reached`, { token: admin })).json.results[0].details).toEqual({
      limit: 'password_pair',
    })
    const locked = await addPerson(world, world.acme, 'locked@example.com')
    for (let i = 0; i < 12; i++) await acme(`${auth}/jwt/create/`, { body: { email: locked.email, password: 'wrong' } })
    expect(
      (await acme(`${audit}?action=limit.reached&subject=${locked.id}`, { token: admin })).json.results[0],
    ).toMatchObject({ actor: null, details: { limit: 'password_pair' } })
    for (const event of [
      'sign_in_succeeded',
      'sign_in_failed',
      'refresh_token_reused',
      'foreign_token_rejected',
      'password_refused',
      'limit_reached',
    ]) {
      await expect.poll(() => logged(event)).not.toEqual([])
      expect(logged(event)[0]).toMatchObject({
        tenant: expect.any(String),
        ip: '127.0.0.1',
        request_id: expect.any(String),
        time: expect.stringMatching(/Z$/),
      })
    }
  })

  test("never says another tenant's id, and no secret, OBS-01", async () => {
    const record = (await acme(`${audit}?page_size=100`, { token: admin })).text
    for (const secret of [
      world.globex.id,
      admin,
      staff,
      globexAdmin,
      world.acme.admin.password,
      world.env.SECRET!,
      world.env.PEPPER!,
      '$2b$',
    ])
      expect(record).not.toContain(secret)
    const log = JSON.stringify(world.server.log)
    for (const secret of [
      admin,
      staff,
      globexAdmin,
      world.acme.admin.password,
      world.env.SECRET!,
      world.env.PEPPER!,
      '$2b$',
    ])
      expect(log).not.toContain(secret)
  })

  test('cannot be used to fill the table: foreign tokens and limits are recorded a few times, and logged each time', async () => {
    for (let i = 0; i < 30; i++) await acme(`${auth}/users/me/`, { token: globexAdmin })
    for (let i = 0; i < 10; i++)
      await acme(`${auth}/jwt/create/`, { body: { email: 'nobody@example.com', password: 'wrong' } })
    expect((await acme(`${audit}?action=token.foreign`, { token: admin })).json.count).toBe(5)
    expect((await acme(`${audit}?action=limit.reached`, { token: admin })).json.count).toBe(5)
    await expect.poll(() => logged('foreign_token_rejected').length).toBeGreaterThan(30)
    expect((await world.globex.call(`${audit}?action=security`, { token: globexAdmin })).json.count).toBe(0)
  })

  test('of an export contains its filters', async () => {
    await acme(`${api}/users/export.csv?role=Admin`, { token: admin })
    const { text } = await acme(`${audit}export.csv?action=departments&search=secret`, { token: admin })
    expect(text.split('\r\n').filter(Boolean)).toHaveLength(2)
    const { results } = (await acme(`${audit}?action=exports`, { token: admin })).json
    expect(
      results.slice(0, 2).map(({ action, details }: { action: string; details: object }) => [action, details]),
    ).toEqual([
      ['audit.exported', { action: 'departments', search: 'secret' }],
      ['users.exported', { role: 'Admin' }],
    ])
  })
})

function logged(event: string) {
  return world.server.log.filter(line => line.event === event && line.tenant === world.acme.id)
}

function acme(path: string, options?: Call): Promise<Answer> {
  return world.acme.call(path, options)
}
