import { and, eq, like } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { AuditAction } from '#shared/audit-actions.ts'
import type { Answer } from '../../support/http.ts'
import { volume } from '../../support/volume.ts'
import type { Place, World } from '../../support/world.ts'
import { addPerson, auth, createWorld, realmOf, signInAs } from '../../support/world.ts'

const wrong = 'none of their passwords'

let world: World
beforeAll(async () => {
  world = await createWorld({ TRUSTED_PROXIES: '127.0.0.1' })
})
afterAll(() => world.stop())

describe('a flood of events that strangers can cause leaves in the audit of an organisation', () => {
  test('five refused sign-ins of one network, for any account, and all of them in the log', async () => {
    const emails = [world.acme.staff.email, 'nobody@example.com', world.acme.admin.email]
    for (let i = 0; i < 12; i++)
      expect((await signIn(world.acme, emails[i % 3]!, `2001:db8:9:1::${i}`)).status).toBe(401)
    expect(await countEvents(world.acme, 'session.refused', '2001:db8:9:1:%')).toBe(5)
    await expect.poll(() => countLogged('sign_in_failed', '2001:db8:9:1:')).toBe(12)
    await signIn(world.acme, emails[0]!, '2001:db8:9:2::1')
    expect(await countEvents(world.acme, 'session.refused', '2001:db8:9:2:%')).toBe(1)
  })

  test('a hundred of all networks together, and none the fewer at another organisation', async () => {
    // Events of earlier networks: hashing their passwords would only take time.
    const earlier = volume(80, 0)
    for (let i = 0; i < earlier; i++)
      expect(
        await world.app.limits.admitEvent(world.acme.schema, 'session.refused', `198.18.6.${Math.floor(i / 5)}`),
      ).toBe(true)
    for (let network = 0; network < 24 - earlier / 5; network++) {
      const answers = await Promise.all(
        Array.from({ length: 5 }, (_, i) => signIn(world.acme, `flood-${i}@example.com`, `198.18.7.${network}`)),
      )
      expect(answers.map(({ status }) => status)).toEqual(Array(5).fill(401))
    }
    expect(await countEvents(world.acme, 'session.refused', '%')).toBe(100 - earlier)
    await expect.poll(() => countLogged('sign_in_failed', '198.18.7.')).toBe(120 - earlier)
    await signIn(world.globex, 'nobody@example.com', '198.18.7.1')
    expect(await countEvents(world.globex, 'session.refused', '%')).toBe(1)
  })

  test('five wrong passwords of one who is signed in', async () => {
    const person = await addPerson(world, world.acme, 'stolen@example.com')
    const { access } = await signInAs(world.acme, person)
    const setPassword = () =>
      world.acme.call(`${auth}/users/set_password/`, {
        token: access,
        headers: { 'x-forwarded-for': '198.18.8.1' },
        body: { current_password: wrong, new_password: 'some new words to remember' },
      })
    for (let i = 0; i < 9; i++) expect((await setPassword()).json).toEqual({ current_password: ['Invalid password.'] })
    expect(await countEvents(world.acme, 'user.password_refused', '%')).toBe(5)
    await expect.poll(() => countLogged('password_refused', '198.18.8.1')).toBe(9)
  })
})

function signIn(place: Place, email: string, address: string): Promise<Answer> {
  return place.call(`${auth}/jwt/create/`, {
    body: { email, password: wrong },
    headers: { 'x-forwarded-for': address },
  })
}

function countEvents(place: Place, action: AuditAction, addresses: string): Promise<number> {
  const {
    db,
    tables: { audit_events: events },
  } = realmOf(world.app, place).realm
  return db.$count(events, and(eq(events.action, action), like(events.ip, addresses)))
}

function countLogged(event: string, addresses: string): number {
  return world.server.log.filter(line => line.event === event && String(line.ip).startsWith(addresses)).length
}
