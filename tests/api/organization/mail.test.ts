import { eq, sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fromSystem } from '#server/domain/context.ts'
import { enqueueMail } from '#server/domain/mail/outbox.ts'
import { createUserByMail } from '#server/domain/users/create.ts'
import { lastMailTo, mailsTo, outboxIsEmpty } from '../../support/data/mails.ts'
import type { SmtpServer } from '../../support/data/smtp.ts'
import { createSmtpServer } from '../../support/data/smtp.ts'
import { waitLimit } from '../../support/process/wait-limit.ts'
import { startBeside } from '../../support/process/second-server.ts'
import type { Place, World } from '../../support/world.ts'
import { addPerson, api, auth, createWorld, realmOf, signInAs } from '../../support/world.ts'

const reset = /^Set a new password/

describe('a link in a mail', () => {
  let world: World
  beforeAll(async () => {
    world = await createWorld()
  })
  afterAll(() => world.stop())

  // RST-03
  test("is on the organisation's own origin, whatever the request says of itself", async () => {
    for (const place of [world.acme, world.globex]) {
      for (const [i, evil] of ['evil.example', world.globex.host, world.acme.host, world.console.host].entries()) {
        const person = await addPerson(world, place, `origin${i}@example.com`)
        const headers = {
          'x-forwarded-host': evil,
          'x-forwarded-proto': 'https',
          'x-forwarded-port': '666',
          'x-forwarded-server': evil,
          'x-host': evil,
          'x-original-host': evil,
          'forwarded': `host=${evil};proto=https`,
          'origin': `https://${evil}`,
          'referer': `https://${evil}/`,
          'x-tenant': 'globex',
        }
        expect(
          (await place.call(`${auth}/users/reset_password/`, { body: { email: person.email }, headers })).status,
        ).toBe(204)
        const mail = await lastMailTo(world, place, person.email, reset)
        expect(mail.links.map(link => new URL(link).origin)).toEqual(mail.links.map(() => place.origin))
        for (const other of [
          'evil.example',
          'https:',
          ...[world.acme, world.globex, world.console].filter(one => one !== place).map(({ host }) => host),
        ])
          expect(`${mail.text}${mail.html}`).not.toContain(other)
      }
    }
  })

  test("has the organisation's name and colour, and the same id in every attempt", async () => {
    const { access } = await signInAs(world.acme, world.acme.admin)
    await world.acme.call(`${api}/organization/`, {
      method: 'PATCH',
      token: access,
      body: { name: 'Acme <b>&</b> "Sons"', brand_color: '#123456' },
    })
    const person = await addPerson(world, world.acme, 'branded@example.com')
    await world.acme.call(`${auth}/users/reset_password/`, { body: { email: person.email } })
    const mail = await lastMailTo(world, world.acme, person.email, reset)
    expect(mail.from).toContain('no-reply@localhost')
    expect(mail.subject).toBe('Set a new password for Acme <b>&</b> "Sons"')
    expect(mail.html).toContain('Acme &lt;b&gt;&amp;&lt;/b&gt; &quot;Sons&quot;')
    expect(mail.html).not.toContain('<b>')
    expect(mail.html).toContain('#123456')
    expect(mail.id).toMatch(/^<[0-9a-f-]{36}@localhost>$/)
  })

  test('cannot be read from the server in production', async () => {
    for (const place of [world.acme, world.globex, world.console]) {
      expect((await place.call(`${api}/mailbox/`)).status).toBe(404)
      expect((await place.call(`${api}/mailbox/${world.acme.id}/`)).status).toBe(404)
      for (const page of ['/mailbox', `/mailbox/${world.acme.id}`])
        expect((await place.call(page, { accept: 'text/html' })).status).toBe(404)
    }
  })

  test('is kept nowhere in the database, not while it waits and not when it is sent', async () => {
    const person = await addPerson(world, world.globex, 'secret@example.com')
    await world.globex.call(`${auth}/users/reset_password/`, { body: { email: person.email } })
    const link = (await lastMailTo(world, world.globex, person.email, reset)).links[0]!
    const {
      db,
      tables: { outbox },
    } = world.app.database.platform
    const rows = await db.select().from(outbox).where(eq(outbox.recipient, person.email))
    expect(rows).toMatchObject([{ data: null, attempts: 1, last_error: null, sent_at: expect.any(Date) }])
    const { realm } = realmOf(world.app, world.globex)
    const tokens = await realm.db.select().from(realm.tables.one_time_tokens)
    expect(JSON.stringify([rows, tokens])).not.toContain(link.split('/').at(-1))
  })

  test('is not sent when its transaction is rolled back', async () => {
    const authRealm = realmOf(world.app, world.acme)
    const failing = authRealm.realm.transaction(async tx => {
      await enqueueMail(tx, authRealm, { kind: 'password_changed', to: 'rolled.back@example.com', data: {} })
      throw new Error('on purpose')
    })
    await expect(failing).rejects.toThrow('on purpose')
    await enqueueMail(authRealm.realm.db, authRealm, {
      kind: 'password_changed',
      to: 'committed@example.com',
      data: {},
    })
    expect(await mailsTo(world, world.acme, 'committed@example.com')).toHaveLength(1)
    expect(await mailsTo(world, world.acme, 'rolled.back@example.com')).toEqual([])
  })
})

describe('the mailbox of a demo', () => {
  let world: World
  beforeAll(async () => {
    world = await createWorld({ DEMO: '1' })
  })
  afterAll(() => world.stop())

  test('shows each place its own mails, newest first, and one with its links', async () => {
    const places = [world.acme, world.globex, world.console]
    for (const place of places)
      await place.call(`${auth}/users/reset_password/`, { body: { email: 'ann@example.com' } })
    await outboxIsEmpty(world)
    await world.acme.call(`${auth}/users/reset_password/`, { body: { email: 'ben@example.com' } })
    await outboxIsEmpty(world)
    for (const place of places) {
      const list = (await place.call(`${api}/mailbox/`)).json
      expect(list.results.map(({ to }: { to: string }) => to)).toEqual(
        place === world.acme ? ['ben@example.com', 'ann@example.com'] : ['ann@example.com'],
      )
      expect(Object.keys(list.results[0])).toEqual(['id', 'to', 'subject', 'date'])
      const mail = (await place.call(`${api}/mailbox/${list.results.at(-1).id}/`)).json
      expect(mail).toMatchObject({
        to: 'ann@example.com',
        subject: expect.stringMatching(reset),
        html: expect.stringContaining('<html'),
        links: [expect.stringMatching(new RegExp(`^${place.origin}/auth/password/reset/`)), place.origin],
      })
      for (const other of places.filter(one => one !== place))
        expect((await other.call(`${api}/mailbox/${mail.id}/`)).status).toBe(404)
    }
    // The site has only mails of sign-ups and of the organisation finder.
    expect((await world.call(`localhost:${world.port}`, `${api}/mailbox/`)).json).toMatchObject({ count: 0 })
  })
})

// FLT-15
describe('a mail server', () => {
  let world: World
  let smtp: SmtpServer
  beforeAll(async () => {
    smtp = await createSmtpServer()
    world = await createWorld({ SMTP_URL: smtp.url, MAIL_FROM: 'staff@portal.test' })
  })
  afterAll(async () => {
    await world.stop()
    await smtp.stop().catch(() => {})
  })

  test('that is down delays no request and loses nothing: mails are sent once when it is back', async () => {
    const people = await Promise.all(
      [world.acme, world.globex].flatMap(place =>
        [1, 2, 3].map(async i => ({
          place,
          person: await addPerson(world, place, `queued${i}@${place.host.split('.')[0]}.test`),
        })),
      ),
    )
    for (const { place, person } of people)
      expect((await place.call(`${auth}/users/reset_password/`, { body: { email: person.email } })).status).toBe(204)
    await expect.poll(() => failures(world), waitLimit).toBe(people.length)
    expect(smtp.mails).toEqual([])
    await smtp.start()
    await outboxIsEmpty(world)
    expect(smtp.mails.map(({ to }) => to).sort()).toEqual(people.map(({ person }) => person.email).sort())
    for (const mail of smtp.mails) {
      const { place } = people.find(({ person }) => person.email === mail.to)!
      expect(mail.from).toContain('<staff@portal.test>')
      expect(mail.links[0]).toMatch(new RegExp(`^${place.origin}/auth/password/reset/`))
    }
  })

  test('that is slow delays no request, and gets each mail once', async () => {
    smtp.mails.length = 0
    const emails = Array.from({ length: 6 }, (_, i) => `patient${i}@example.com`)
    for (const email of emails) await addPerson(world, world.acme, email)
    smtp.isSilent = true
    for (const email of emails)
      expect((await world.acme.call(`${auth}/users/reset_password/`, { body: { email } })).status).toBe(204)
    expect(smtp.mails).toEqual([])
    smtp.isSilent = false
    await outboxIsEmpty(world)
    expect(smtp.mails.map(({ to }) => to).sort()).toEqual(emails)
  })

  test('that closes the connection gets the mail again, with the same id', async () => {
    smtp.mails.length = 0
    smtp.hangUps = 2
    await notify(world.acme, 'dropped@example.com')
    await outboxIsEmpty(world)
    expect(smtp.hangUps).toBe(0)
    expect(smtp.mails.map(({ to }) => to)).toEqual(['dropped@example.com'])
    const {
      db,
      tables: { outbox },
    } = world.app.database.platform
    const rows = await db
      .select({ id: outbox.id, attempts: outbox.attempts })
      .from(outbox)
      .where(eq(outbox.recipient, 'dropped@example.com'))
    expect(rows).toEqual([{ id: rows[0]!.id, attempts: 3 }])
    expect(smtp.mails[0]!.id).toBe(`<${rows[0]!.id}@portal.test>`)
  })

  test('gets each mail once from two processes', async () => {
    smtp.mails.length = 0
    const second = await startBeside(world)
    const places = [world.acme, world.globex]
    const emails = Array.from({ length: 40 }, (_, i) => `crowd${i}@example.com`)
    // Two at a time: there are two connections here, and on a slow machine more callers would wait too long.
    for (let i = 0; i < emails.length; i += 2) {
      await Promise.all(
        places.map((place, j) =>
          createUserByMail(world.app, realmOf(world.app, place), { email: emails[i + j]!, password: null }, fromSystem),
        ),
      )
    }
    await outboxIsEmpty(world)
    expect(smtp.mails.map(({ to }) => to).sort()).toEqual([...emails].sort())
    expect(new Set(smtp.mails.map(({ id }) => id)).size).toBe(emails.length)
    expect(await second.stop()).toBe(0)
  })

  test('that does not know a mailbox is not tried again, and delays no other mail', async () => {
    smtp.mails.length = 0
    smtp.unknown.add('bounces@example.com')
    await notify(world.acme, 'bounces@example.com')
    await notify(world.globex, 'arrives@example.com')
    await outboxIsEmpty(world)
    expect(smtp.mails.map(({ to }) => to)).toEqual(['arrives@example.com'])
    const {
      db,
      tables: { outbox },
    } = world.app.database.platform
    expect(await db.select().from(outbox).where(eq(outbox.recipient, 'bounces@example.com'))).toMatchObject([
      { given_up_at: expect.any(Date), sent_at: null, attempts: 1, last_error: expect.stringContaining('550') },
    ])
  })

  test('gets the mails that a killed process had claimed, when their lease has expired', async () => {
    smtp.mails.length = 0
    const { db } = world.app.database.platform
    await db.execute(sql`insert into platform.outbox (id, realm, kind, recipient, data, created, due_at, attempts)
      values (gen_random_uuid(), ${world.acme.id}, 'password_changed', 'orphan@example.com', '{}', now(), now() + interval '1 hour', 1)`)
    await notify(world.acme, 'later@example.com')
    await expect.poll(() => smtp.mails.map(({ to }) => to), waitLimit).toEqual(['later@example.com'])
    await db.execute(sql`update platform.outbox set due_at = now() where recipient = 'orphan@example.com'`)
    await db.execute(sql`select pg_notify('tenantry_outbox', '')`)
    await outboxIsEmpty(world)
    expect(smtp.mails.map(({ to }) => to)).toEqual(['later@example.com', 'orphan@example.com'])
  })

  test('is sent to again after the connections to PostgreSQL were cut', async () => {
    smtp.mails.length = 0
    const { db } = world.app.database.platform
    await db.execute(
      sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'tenantry%' and datname = current_database() and pid <> pg_backend_pid()`,
    )
    await expect
      .poll(async () =>
        notify(world.acme, 'after.the.cut@example.com').then(
          () => true,
          () => false,
        ),
      )
      .toBe(true)
    await outboxIsEmpty(world)
    expect(smtp.mails.map(({ to }) => to)).toEqual(['after.the.cut@example.com'])
  })

  function notify(place: Place, to: string): Promise<void> {
    const authRealm = realmOf(world.app, place)
    return enqueueMail(authRealm.realm.db, authRealm, { kind: 'password_changed', to, data: {} })
  }
})

function failures(world: World): Promise<number> {
  const {
    db,
    tables: { outbox },
  } = world.app.database.platform
  return db.$count(outbox, sql`${outbox.last_error} is not null and ${outbox.sent_at} is null`)
}
