import { afterAll, beforeAll, expect, test } from 'vitest'
import { announceTenant } from '#server/domain/tenants/tenants.ts'
import type { SoftPasskey } from '../../support/data/authenticator.ts'
import { createPasskey } from '../../support/data/authenticator.ts'
import { addPasskey } from '../../support/data/factors.ts'
import { runCli } from '../../support/process/cli.ts'
import type { World } from '../../support/world.ts'
import { auth, createWorld, realmOf, signInAs } from '../../support/world.ts'

let world: World
let passkey: SoftPasskey
let renamed: { host: string; origin: string }
beforeAll(async () => {
  world = await createWorld()
  const { access } = await signInAs(world.acme, world.acme.staff)
  passkey = await addPasskey(world.acme, world.acme.staff, access)
  const host = world.acme.host.replace('acme', 'renamed')
  renamed = { host, origin: `http://${host}` }
})
afterAll(() => world.stop())

const optionsAt = async (host: string) =>
  (await world.call(host, `${auth}/passkeys/options/`, { body: {} })).json as { challenge: string; rpId: string }

const signInAt = (host: string, credential: unknown) =>
  world.call(host, `${auth}/jwt/passkey/`, { body: { credential } })

test('whoever renames an organisation is told how many passkeys were added at its address', async () => {
  const rename = (...args: string[]) => runCli(['tenant', 'rename', ...args], world.env)
  const named = await rename('acme', '--name', 'Acme of old')
  expect([named.code, named.output]).toEqual([0, expect.not.stringContaining('passkey')])
  const moved = await rename('acme', '--subdomain', 'renamed')
  expect([moved.code, moved.output]).toEqual([0, expect.stringContaining('1 passkey was added at other addresses.')])
})

test('a passkey works at the new address for as long as the old one is theirs', async () => {
  await expect.poll(async () => (await world.call(renamed.host, '/login')).status).toBe(200)
  // Browsers ask the host that the passkey is bound to, and follow no redirect.
  const related = await world.acme.call('/.well-known/webauthn')
  expect([related.status, related.json.origins?.toSorted()]).toEqual([200, [world.acme.origin, renamed.origin].sort()])
  expect((await world.acme.call('/.well-known/jwks.json')).status).toBe(308)
  const options = await optionsAt(renamed.host)
  expect(options.rpId).toBe('acme.localhost')
  expect((await signInAt(renamed.host, passkey.sign(options, renamed.origin))).status).toBe(200)
  // The origin of another organisation is none of theirs.
  const again = await optionsAt(renamed.host)
  expect((await signInAt(renamed.host, passkey.sign(again, world.globex.origin))).json.code).toBe('passkey_refused')
})

test('once it is not, new passkeys are bound to the new address', async () => {
  const { platform } = world.app.database
  await platform.db.update(platform.tables.former_subdomains).set({ redirects_until: new Date() })
  await announceTenant(platform.db, world.acme.id)
  await expect.poll(async () => (await optionsAt(renamed.host)).rpId).toBe('renamed.localhost')
  await expect.poll(async () => (await world.acme.call('/.well-known/webauthn')).status).toBe(404)
  const { email, password } = world.acme.staff
  const body = { email, password }
  const challenged = await world.call(renamed.host, `${auth}/jwt/create/`, { body })
  expect(challenged.json.code).toBe('second_factor_required')
  const { realm } = realmOf(world.app, world.acme)
  await realm.db.delete(realm.tables.factors)
  const { access: token } = (await world.call(renamed.host, `${auth}/jwt/create/`, { body })).json
  const created = createPasskey(world.acme.staff.id)
  const begun = await world.call(renamed.host, `${auth}/factors/passkeys/options/`, { method: 'POST', token })
  const credential = created.create(begun.json, renamed.origin)
  const added = await world.call(renamed.host, `${auth}/factors/passkeys/`, { token, body: { credential } })
  expect(added.status).toBe(201)
  const options = await optionsAt(renamed.host)
  expect((await signInAt(renamed.host, created.sign(options, renamed.origin))).status).toBe(200)
})
