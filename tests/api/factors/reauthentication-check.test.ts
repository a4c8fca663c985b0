import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { addTotp } from '../../support/data/factors.ts'
import type { World } from '../../support/world.ts'
import { auth, createWorld, realmOf, signInAs } from '../../support/world.ts'

let world: World
beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world.stop())

const path = `${auth}/reauthentication/`

test('a page can ask whether its user must confirm that it is them, before the browser downloads something', async () => {
  const { acme, globex } = world
  const { token, id, password } = await addTotp(acme, acme.staff)
  const other = (await signInAs(globex, globex.staff)).access
  expect(await acme.call(path, { token })).toMatchObject({ status: 204 })

  const { db, tables } = realmOf(world.app, acme).realm
  await db
    .update(tables.sessions)
    .set({ authenticated_at: new Date(Date.now() - 3_600_000) })
    .where(eq(tables.sessions.user_id, id))
  expect(await acme.call(path, { token })).toMatchObject({
    status: 403,
    json: { code: 'reauthentication_required', methods: ['password', 'totp'] },
  })
  expect(await globex.call(path, { token: other })).toMatchObject({ status: 204 })
  expect(await acme.call(path, { token: other })).toMatchObject({ status: 401 })
  expect(await acme.call(path)).toMatchObject({ status: 401 })

  expect((await acme.call(path, { token, body: { current_password: password } })).status).toBe(204)
  expect((await acme.call(path, { token })).status).toBe(204)
})
