import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { finished } from '../../support/data/archives.ts'
import { addTotp, answerWith, challengeOf } from '../../support/data/factors.ts'
import { codeOf } from '../../support/data/totp.ts'
import type { World } from '../../support/world.ts'
import { addPerson, api, createWorld, realmOf, signInAs } from '../../support/world.ts'

let world: World
let folder: string
let owner: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenantry-restored-'))
  world = await createWorld({ ARCHIVE_DIR: join(folder, 'archives'), UPLOAD_DIR: join(folder, 'uploads') })
  owner = (await signInAs(world.console, world.console.admin)).access
})
afterAll(async () => {
  await world.stop()
  await rm(folder, { recursive: true, force: true })
})

const operate = async (path: string, body: object = {}) => {
  const queued = await world.console.call(`${api}/${path}/`, { token: owner, body })
  expect(queued.status).toBe(202)
  const { state, result } = await finished(world.app, queued.json.id)
  expect(state).toBe('done')
  return result as Record<string, string>
}

test('a restored organisation has the second factors of today, of whoever is still there', async () => {
  const person = await addPerson(world, world.acme, 'guarded@example.com')
  const { archive } = await operate(`tenants/${world.acme.id}/exports`)
  const guarded = await addTotp(world.acme, person)
  const late = await addTotp(world.acme, await addPerson(world, world.acme, 'late@example.com'))
  await operate(`tenants/${world.acme.id}/restorations`, { archive })
  const challenge = await challengeOf(world.acme, guarded)
  expect((await answerWith(world.acme, { challenge, code: codeOf(guarded.secret) })).status).toBe(200)
  const again = await challengeOf(world.acme, guarded)
  const [recovery_code] = guarded.recovery_codes
  expect((await answerWith(world.acme, { challenge: again, recovery_code })).status).toBe(200)
  const { realm } = realmOf(world.app, world.acme)
  const { factors } = realm.tables
  expect(await realm.db.select({ id: factors.id }).from(factors).where(eq(factors.user_id, late.id))).toEqual([])
})

test('a new organisation of an archive, and a clone, have none', async () => {
  const { archive } = await operate(`tenants/${world.acme.id}/exports`)
  const restored = await operate(`archives/${archive}/restorations`, { name: 'Twin', subdomain: 'twin' })
  const cloned = await operate(`tenants/${world.acme.id}/clones`, {
    name: 'Stage',
    subdomain: 'stage',
    admin_email: 'dev@example.com',
  })
  const { db, tables } = world.app.database.platform
  for (const id of [restored.tenant!, cloned.tenant!]) {
    const [row] = await db
      .select({ schema: tables.tenants.schema })
      .from(tables.tenants)
      .where(eq(tables.tenants.id, id))
    const { realm } = realmOf(world.app, { ...world.acme, id, schema: row!.schema })
    expect(await realm.db.$count(realm.tables.users)).toBeGreaterThan(0)
    for (const table of [realm.tables.factors, realm.tables.recovery_codes])
      expect(await realm.db.$count(table)).toBe(0)
  }
})
