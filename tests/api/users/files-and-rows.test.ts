import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import postgres from 'postgres'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newId } from '#server/database/ids.ts'
import { loadMigrations } from '#server/database/migrations/files.ts'
import { cleanUp } from '#server/domain/platform/retention.ts'
import type { DatabaseProxy } from '../../support/database/database-proxy.ts'
import { createDatabaseProxy } from '../../support/database/database-proxy.ts'
import { closeTable, hold } from '../../support/database/hold.ts'
import type { Place, World } from '../../support/world.ts'
import { addPerson, api, auth, createTestDatabase, createWorld, signInAs } from '../../support/world.ts'

const migrations = loadMigrations('.', 'tenant')

let home: string
let proxy: DatabaseProxy
let world: World
let sql: postgres.Sql
let admin: string
let operator: string
let png: Buffer
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'tenantry-files-'))
  const databaseUrl = await createTestDatabase()
  proxy = await createDatabaseProxy(databaseUrl)
  world = await createWorld({
    ACCESS_TTL: '3600',
    DATABASE_URL: proxy.url,
    UPLOAD_DIR: join(home, 'uploads'),
    ARCHIVE_DIR: join(home, 'archives'),
  })
  sql = postgres(databaseUrl, { max: 2, onnotice: () => {} })
  admin = (await signInAs(world.acme, world.acme.admin)).access
  operator = (await signInAs(world.console, world.console.admin)).access
  png = await sharp({ create: { width: 300, height: 200, channels: 3, background: 'teal' } })
    .png()
    .toBuffer()
})
afterAll(async () => {
  await sql.end()
  await world.stop()
  proxy.close()
  await rm(home, { recursive: true })
})

describe('a change that is refused', () => {
  test('leaves the photo as it is, whatever else was wrong', async () => {
    const { acme } = world
    const { id } = acme.admin
    await put(`${api}/users/${id}/photo/`)
    const cases = [
      [{ role: 'Staff' }, 409],
      [{ is_active: false }, 409],
      [{ department: newId() }, 400],
    ] as const
    for (const [change, status] of cases) {
      const body = { photo: null, first_name: 'Gone', ...change }
      const answer = await acme.call(`${auth}/users/${id}/`, { method: 'PATCH', token: admin, body })
      expect([change, answer.status]).toEqual([change, status])
    }
    await expectPhoto(acme, id)
    expect((await acme.call(`${auth}/users/me/`, { token: admin })).json).toMatchObject({ first_name: '' })
    expect(await eventsOf(acme, id, 'user.photo_cleared')).toBe(0)
  })

  test('and an accepted one: photo and name change together, and both are recorded', async () => {
    const { acme } = world
    const person = await addPerson(world, acme, 'fay@example.com')
    const { access: token } = await signInAs(acme, person)
    for (const path of [`${auth}/users/${person.id}/`, `${auth}/users/me/`]) {
      await put(`${api}/users/${person.id}/photo/`)
      const body = { photo: null, first_name: path }
      const { json } = await acme.call(path, { method: 'PATCH', token, body })
      expect(json).toMatchObject(body)
      expect(await filesOf(acme, person.id)).toEqual([])
    }
    expect(await eventsOf(acme, person.id, 'user.photo_cleared')).toBe(2)
    const changes = await sql`
      select details from ${sql(acme.schema)}.audit_events where subject = ${person.id} and action = 'user.changed'`
    expect(changes.map(({ details }) => Object.keys(details as object))).toEqual([['first_name'], ['first_name']])
  })

  test('deletes no files', async () => {
    const { acme } = world
    const body = { current_password: acme.admin.password }
    expect((await acme.call(`${auth}/users/me/`, { method: 'DELETE', token: admin, body })).status).toBe(409)
    await expectPhoto(acme, acme.admin.id)
  })
})

describe('an import', () => {
  test('that fails half-way records what it has imported', async () => {
    const { acme } = world
    const person = await addPerson(world, acme, 'locked@example.com')
    const added = Array.from({ length: 10 }, (_, i) => `imported${i}@example.com`)
    const body = ['email,first_name', ...added.map(email => `${email},New`), `${person.email},Changed`].join('\n')
    await hold(sql, tx => tx`select from ${tx(acme.schema)}.users where id = ${person.id} for update`)
    const headers = { 'content-type': 'text/csv' }
    expect((await acme.call(`${api}/users/import/`, { token: admin, body, headers })).status).toBe(503)
    expect(await sql`select 1 from ${sql(acme.schema)}.users where email like 'imported%'`).toHaveLength(10)
    const deeds = await sql`select details from ${sql(acme.schema)}.audit_events where action = 'users.imported'`
    expect([...deeds]).toEqual([{ details: { created: 10, changed: 0, unchanged: 0, errors: 0 } }])
  })
})

describe('a picture', () => {
  test('exists if its row names it, also when the answer to the commit was lost', async () => {
    const { acme } = world
    const headers = { 'content-type': 'image/png' }
    const cases = [
      [`${api}/users/${acme.staff.id}/photo/`, 'user.photo_replaced'],
      [`${api}/organization/logo/`, 'organization.logo_replaced'],
    ] as const
    for (const [path, action] of cases) {
      proxy.loseCommitAfter(action)
      expect((await acme.call(path, { method: 'PUT', token: admin, body: png, headers })).status).toBe(503)
      expect([path, (await acme.call(path, { token: admin })).status]).toEqual([path, 200])
    }
  })

  test('that no row names is removed at night, and no other', async () => {
    const { acme, globex } = world
    const gone = newId()
    await leave(acme, `${gone}/${newId()}-64.webp`)
    await leave(acme, `${acme.admin.id}/${newId()}-64.webp`)
    await leave(globex, `${gone}/${newId()}-64.webp`)
    const fresh = `${gone}/${newId()}-256.webp`
    await leave(globex, fresh, new Date())
    // The image files of an archive exist before the rows that name them.
    await sql`
      insert into platform.operations (id, kind, tenant, state, created, lease_until)
      values (${newId()}, 'restore', ${acme.id}, 'running', now(), now() + interval '1 hour')`
    await cleanUp(world.app, migrations)
    expect(await filesOf(acme, gone)).toHaveLength(1)
    await sql`delete from platform.operations`
    await cleanUp(world.app, migrations)
    expect(await filesOf(acme, gone)).toEqual([])
    expect(await readdir(join(home, 'uploads', acme.schema))).not.toContain(gone)
    expect((await filesOf(globex, gone)).map(name => `${gone}/${name}`)).toEqual([fresh])
    expect(await filesOf(acme, acme.admin.id)).toHaveLength(2)
    await expectPhoto(acme, acme.admin.id)
  })
})

describe('an archive', () => {
  test('is removed only if the removal was recorded', async () => {
    const name = 'acme-20260101T000000Z-0123abcd.tar'
    await mkdir(join(home, 'archives'), { recursive: true })
    await writeFile(join(home, 'archives', name), 'not much of one')
    const remove = () => world.console.call(`${api}/archives/${name}/`, { method: 'DELETE', token: operator })
    const held = await hold(sql, tx => closeTable(tx, 'platform', 'audit_events'))
    expect((await remove()).status).toBe(503)
    await held.release()
    expect(await readdir(join(home, 'archives'))).toEqual([name])
    expect((await remove()).status).toBe(204)
    expect(await readdir(join(home, 'archives'))).toEqual([])
    expect((await remove()).status).toBe(404)
    const events = await sql`select details from platform.audit_events where action = 'archive.deleted'`
    expect(events.map(({ details }) => details)).toEqual([{ archive: name }])
  })
})

async function put(path: string): Promise<void> {
  const headers = { 'content-type': 'image/png' }
  expect((await world.acme.call(path, { method: 'PUT', token: admin, body: png, headers })).status).toBe(200)
}

async function expectPhoto(place: Place, id: string): Promise<void> {
  expect((await place.call(`${api}/users/${id}/photo/`, { token: admin })).status).toBe(200)
}

async function leave(place: Place, path: string, time = new Date(0)): Promise<void> {
  const file = join(home, 'uploads', place.schema, path)
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, 'left')
  await utimes(file, time, time)
}

function filesOf(place: Place, owner: string): Promise<string[]> {
  return readdir(join(home, 'uploads', place.schema, owner)).catch(() => [])
}

async function eventsOf(place: Place, subject: string, action: string): Promise<number> {
  const rows =
    await sql`select 1 from ${sql(place.schema)}.audit_events where subject = ${subject} and action = ${action}`
  return rows.length
}
