import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadMigrations } from '#server/database/migrations/files.ts'
import { fromSystem } from '#server/domain/context.ts'
import { createTenant } from '#server/domain/tenants/create.ts'
import type { FoundPerson } from '#shared/answers/support.ts'
import { addOperator } from '../../support/data/operators.ts'
import type { Operator } from '../../support/data/operators.ts'
import type { World } from '../../support/world.ts'
import { addPerson, api, createWorld, signInAs } from '../../support/world.ts'

let world: World
let support: Operator
beforeAll(async () => {
  world = await createWorld()
  support = await addOperator(world, 'sam@example.com', 'Support')
  await addPerson(world, world.acme, 'zoe.wren@acme.test')
  await addPerson(world, world.globex, 'zoe.wren@globex.test', { role: 'Admin', is_active: false })
})
afterAll(() => world.stop())

describe("an operator's search for a person", () => {
  test('finds them in every organisation, and is recorded', async () => {
    const found = await find('Zoe.Wren')
    expect(found.map(({ email, role, is_active, organization }) => [email, role, is_active, organization])).toEqual([
      ['zoe.wren@acme.test', 'Staff', true, { id: world.acme.id, name: expect.any(String), subdomain: 'acme' }],
      ['zoe.wren@globex.test', 'Admin', false, { id: world.globex.id, name: expect.any(String), subdomain: 'globex' }],
    ])
    expect(await find('nobody of this name')).toEqual([])
    const { access } = await signInAs(world.console, world.console.admin)
    const { json } = await world.console.call(`${api}/audit/?action=people.searched`, { token: access })
    expect(json.results.map(({ actor, details }: { actor: string; details: object }) => [actor, details])).toEqual([
      [support.id, { search: 'nobody of this name', found: 0 }],
      [support.id, { search: 'Zoe.Wren', found: 2 }],
    ])
  })

  test('leaves out a schema that cannot be read, and finds the others', async () => {
    const { tenant } = await createTenant(
      world.app,
      loadMigrations('.', 'tenant'),
      {
        name: 'Broken',
        subdomain: 'broken',
        business_email: 'office@example.com',
        business_phone_number: '',
        admin_email: 'zoe.wren@broken.test',
        admin_password: null,
      },
      fromSystem,
    )
    expect(await find('zoe.wren')).toHaveLength(3)
    await world.app.database.platform.db.execute(`alter table ${tenant.schema}.users rename to gone`)
    expect(await find('zoe.wren')).toHaveLength(2)
    const { db, tables } = world.app.database.platform
    await db.execute(`alter table ${tenant.schema}.gone rename to users`)
    await db.delete(tables.tenants).where(eq(tables.tenants.id, tenant.id))
  })

  test('is for Owners and Support, needs three characters, and is not for portals', async () => {
    const reader = await addOperator(world, 'rita@example.com', 'Staff')
    expect((await search('zoe', reader.token)).status).toBe(403)
    for (const text of ['', 'zo', 'z o e', '%%'])
      expect([text, (await search(text)).status, Object.keys((await search(text)).json)]).toEqual([
        text,
        400,
        ['search'],
      ])
    const { access } = await signInAs(world.acme, world.acme.admin)
    expect((await world.acme.call(`${api}/people/?search=zoe`, { token: access })).status).toBe(404)
    expect((await world.console.call(`${api}/people/?search=zoe`)).status).toBe(401)
  })
})

async function find(text: string): Promise<FoundPerson[]> {
  const { status, json } = await search(text)
  expect(status).toBe(200)
  return json.results
}

function search(text: string, token = support.token) {
  return world.console.call(`${api}/people/?search=${encodeURIComponent(text)}`, { token })
}
