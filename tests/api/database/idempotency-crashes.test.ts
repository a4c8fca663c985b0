import { randomUUID } from 'node:crypto'
import postgres from 'postgres'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ageKeys } from '../../support/data/old-keys.ts'
import type { DatabaseProxy } from '../../support/database/database-proxy.ts'
import { createDatabaseProxy } from '../../support/database/database-proxy.ts'
import { findViolations } from '../../support/faults/invariants.ts'
import { startBeside } from '../../support/process/second-server.ts'
import type { Place, World } from '../../support/world.ts'
import { api, createWorld, signInAs } from '../../support/world.ts'

let world: World
let proxy: DatabaseProxy
let sql: postgres.Sql
let portals: Place[]
const tokens = new Map<Place, string>()
beforeAll(async () => {
  world = await createWorld()
  proxy = await createDatabaseProxy(world.env.DATABASE_URL!)
  sql = postgres(world.env.DATABASE_URL!, { max: 2, onnotice: () => {} })
  portals = [world.acme, world.globex]
  for (const place of portals) tokens.set(place, (await signInAs(place, place.admin)).access)
})
afterAll(async () => {
  expect(await findViolations(sql)).toEqual([])
  await sql.end()
  proxy.close()
  await world.stop()
})

test('if the server is killed after an invitation and before its answer is stored, no second one is created', async () => {
  for (const place of portals) {
    const email = newEmail()
    const options = keyed(place, { email })
    await killWhileStoring(place, `${api}/invitations/`, options)
    const repeat = () => place.call(`${api}/invitations/`, options)
    const soon = await repeat()
    expect([soon.status, soon.json.code]).toEqual([409, 'idempotency_key_in_use'])
    await ageKeys(sql, place.schema, '2 minutes')
    const later = await repeat()
    expect([later.status, later.json.code, later.headers['retry-after']]).toEqual([
      409,
      'idempotency_answer_lost',
      undefined,
    ])
    expect(await sql`select from ${sql(place.schema)}.invitations where email = ${email}`).toHaveLength(1)
    expect((await place.call(`${api}/invitations/`, { ...options, body: { email: newEmail() } })).status).toBe(422)
  }
})

test('if the server is killed before the invitation is committed, the repetition creates it', async () => {
  for (const place of portals) {
    const email = newEmail()
    const options = keyed(place, { email })
    await killWhile(place, `${api}/invitations/`, options, 'audit_events')
    expect(await sql`select from ${sql(place.schema)}.invitations where email = ${email}`).toHaveLength(0)
    expect((await place.call(`${api}/invitations/`, options)).status).toBe(201)
  }
})

test('an import that was interrupted is completed by its repetition', async () => {
  for (const place of portals) {
    const email = newEmail()
    const options = keyed(place, `email\n${email}\n`, { 'content-type': 'text/csv' })
    const path = `${api}/users/import/`
    await killWhileStoring(place, path, options)
    expect((await place.call(path, options)).json.code).toBe('idempotency_key_in_use')
    await ageKeys(sql, place.schema, '11 minutes')
    const repeated = await place.call(path, options)
    expect([repeated.status, repeated.json.created, repeated.json.unchanged]).toEqual([200, 0, 1])
    expect(await sql`select from ${sql(place.schema)}.users where email = ${email}`).toHaveLength(1)
  }
})

test('if the answer to the COMMIT is lost, the repetition creates no second invitation', async () => {
  const server = await startBeside(world, { DATABASE_URL: proxy.url })
  for (const place of portals) {
    const email = newEmail()
    const options = keyed(place, { email })
    proxy.loseCommitAfter('insert into "' + place.schema + '"."idempotency_keys"')
    const first = await server.at(place, `${api}/invitations/`, options)
    expect([first.status, first.json.code]).toEqual([409, 'idempotency_key_in_use'])
    await ageKeys(sql, place.schema, '2 minutes')
    expect((await server.at(place, `${api}/invitations/`, options)).json.code).toBe('idempotency_answer_lost')
    expect(await sql`select from ${sql(place.schema)}.invitations where email = ${email}`).toHaveLength(1)
  }
  await server.stop()
})

test('if the answer cannot be stored, the caller gets it all the same', async () => {
  const server = await startBeside(world)
  for (const place of portals) {
    await sql`alter table ${sql(place.schema)}.idempotency_keys add constraint none check (answer is null) not valid`
    const options = keyed(place, { name: `Dept ${randomUUID()}` })
    const first = await server.at(place, `${api}/departments/`, options)
    await sql`alter table ${sql(place.schema)}.idempotency_keys drop constraint none`
    expect(first.status).toBe(201)
    expect((await server.at(place, `${api}/departments/`, options)).json.code).toBe('idempotency_key_in_use')
  }
  await server.stop()
  expect(server.log.filter(({ event }) => event === 'idempotency_key_update_failed')).toHaveLength(2)
})

test('before the migration of a schema, only requests with a key have to wait', async () => {
  const { globex, acme } = world
  await sql`alter table ${sql(globex.schema)}.idempotency_keys rename to later`
  const options = keyed(globex, { name: `Dept ${randomUUID()}` })
  const early = await globex.call(`${api}/departments/`, options)
  expect([early.status, early.json.code]).toEqual([503, 'unavailable'])
  expect((await globex.call(`${api}/departments/`, { ...options, headers: {} })).status).toBe(201)
  const other = keyed(acme, { name: `Dept ${randomUUID()}` })
  expect((await acme.call(`${api}/departments/`, other)).status).toBe(201)
  await sql`alter table ${sql(globex.schema)}.later rename to idempotency_keys`
})

test('an import that fails leaves its key free', async () => {
  for (const place of portals) {
    const file = `email\n${newEmail()}\n`
    const options = keyed(place, Buffer.from(`${file}\0`), { 'content-type': 'text/csv' })
    expect((await place.call(`${api}/users/import/?encoding=none`, options)).status).toBe(400)
    const corrected = { ...options, body: file }
    expect((await place.call(`${api}/users/import/`, corrected)).json.created).toBe(1)
  }
})

function newEmail(): string {
  return `p${randomUUID().slice(0, 13)}@example.com`
}

function keyed(place: Place, body: unknown, headers: Record<string, string> = {}) {
  return { token: tokens.get(place)!, body, headers: { 'idempotency-key': randomUUID(), ...headers } }
}

function killWhileStoring(place: Place, path: string, options: ReturnType<typeof keyed>): Promise<void> {
  return killWhile(place, path, options, '"idempotency_keys" set "answer" = $1 where')
}

/** Kills the server that works on a request, when it sends a statement with this word. */
async function killWhile(place: Place, path: string, options: ReturnType<typeof keyed>, word: string): Promise<void> {
  const server = await startBeside(world, { DATABASE_URL: proxy.url })
  const arrived = proxy.withhold(word)
  const call = server.at(place, path, options).catch(() => undefined)
  await arrived
  await server.stop('SIGKILL')
  expect(await call).toBeUndefined()
}
