import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Answer, Call } from '../support/http.ts'
import type { World } from '../support/world.ts'
import { api, auth, createWorld, realmOf, signInAs } from '../support/world.ts'

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
  await acme(`${api}/departments/`, { token: admin, body: { name: 'Acme\'s secret lab' } })
  await world.globex.call(`${api}/departments/`, { token: globexAdmin, body: { name: 'Globex\'s secret lab' } })
})
afterAll(() => world.stop())

describe('the record', () => {
  test('is for Admins, each of her own organisation', async () => {
    for (const path of [audit, `${api}/audit/export.csv`]) {
      expect((await acme(path)).status).toBe(401)
      expect((await acme(path, { token: staff })).status).toBe(403)
      expect((await acme(path, { token: globexAdmin })).status).toBe(401)
      const [here, there, above] = await Promise.all([acme(path, { token: admin }), world.globex.call(path, { token: globexAdmin }), world.console.call(path, { token: operator })])
      expect([here.status, there.status, above.status]).toEqual([200, 200, 200])
      expect([here.text.includes('Acme\'s secret'), here.text.includes('Globex\'s secret')]).toEqual([true, false])
      expect([there.text.includes('Acme\'s secret'), there.text.includes('Globex\'s secret')]).toEqual([false, true])
      expect(above.text).not.toMatch(/secret lab/)
    }
  })

  test('says who did what to whom, when and from where, and no more', async () => {
    const { json } = await acme(`${audit}?action=department.created`, { token: admin })
    expect(json).toMatchObject({ count: 1, next: null, previous: null })
    expect(json.results[0]).toEqual({
      id: expect.any(String), created: expect.stringMatching(/Z$/), action: 'department.created', actor: world.acme.admin.id, actor_email: 'ann@example.com',
      subject: expect.any(String), ip: '127.0.0.1', details: { name: 'Acme\'s secret lab' },
    })
  })

  test('is filtered by action, actor, subject and time, searched and ordered', async () => {
    await acme(`${auth}/users/${world.acme.staff.id}/`, { method: 'PATCH', token: admin, body: { first_name: 'Benjamin' } })
    const actions = async (query: string) => (await acme(`${audit}?${query}`, { token: admin })).json.results.map((event: { action: string }) => event.action)
    expect(await actions(`actor=${world.acme.admin.id}&subject=${world.acme.staff.id}`)).toEqual(['user.changed'])
    expect(await actions('search=department')).toEqual(['department.created'])
    expect(await actions('search=ben@example.com')).toEqual(['session.opened'])
    expect(await actions(`since=${new Date(Date.now() + 60_000).toISOString()}`)).toEqual([])
    expect((await actions(`until=${new Date(Date.now() + 60_000).toISOString()}`)).length).toBeGreaterThan(4)
    expect((await actions('ordering=created&page_size=1'))[0]).toBe('user.created')
    expect((await actions('page_size=1'))[0]).toBe('user.changed')
    for (const query of ['since=yesterday', 'actor=me', 'subject=1', 'ordering=details', 'action=%00', `action=${'x'.repeat(101)}`]) {
      expect((await acme(`${audit}?${query}`, { token: admin })).status).toBe(400)
    }
  })

  test('is only added to: the database refuses to change or remove an event, OBS-06', async () => {
    const { db, tables: { audit_events } } = realmOf(world.app, world.acme).realm
    const before = await db.$count(audit_events)
    for (const statement of [sql`update ${audit_events} set action = 'nothing'`, sql`delete from ${audit_events}`, sql`delete from ${audit_events} where false`, sql`truncate ${audit_events}`]) {
      await expect(db.execute(statement)).rejects.toMatchObject({ cause: { message: 'audit_events is append-only' } })
    }
    await expect(world.app.database.platform.db.execute(sql`delete from platform.audit_events`)).rejects.toMatchObject({ cause: { message: 'audit_events is append-only' } })
    expect(await db.$count(audit_events)).toBe(before)
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) expect((await acme(audit, { method, token: admin })).status).toBe(405)
  })

  test('outlives the people in it, and goes with its whole schema', async () => {
    const { json: person } = await acme(`${auth}/users/`, { token: admin, body: { email: 'mia@example.com', password: 'an unlikely row of words' } })
    await acme(`${auth}/users/${person.id}/`, { method: 'DELETE', token: admin, body: { current_password: world.acme.admin.password } })
    const { json } = await acme(`${audit}?subject=${person.id}`, { token: admin })
    expect(json.results.map((event: { action: string }) => event.action)).toEqual(['user.deleted', 'user.created'])

    const { db } = world.app.database.platform
    const { schema } = world.globex
    await expect(db.execute(sql.raw(`begin; drop schema "${schema}" cascade; rollback`))).resolves.toBeDefined()
  })
})

function acme(path: string, options?: Call): Promise<Answer> {
  return world.acme.call(path, options)
}
