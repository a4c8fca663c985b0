import { setTimeout as sleep } from 'node:timers/promises'
import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { outboxIsEmpty } from '../../support/data/mails.ts'
import type { SmtpServer } from '../../support/data/smtp.ts'
import { createSmtpServer } from '../../support/data/smtp.ts'
import { findViolations } from '../../support/faults/invariants.ts'
import { reportLine } from '../../support/faults/rig.ts'
import type { TcpProxy } from '../../support/faults/tcp-proxy.ts'
import { createTcpProxy } from '../../support/faults/tcp-proxy.ts'
import { isLong, volume } from '../../support/volume.ts'
import type { Person } from '../../support/database/templates.ts'
import type { Place, World } from '../../support/world.ts'
import { addPerson, auth, createWorld } from '../../support/world.ts'

let smtp: SmtpServer
let proxy: TcpProxy
let world: World
let sql: postgres.Sql
let people: { place: Place; person: Person }[]
beforeAll(async () => {
  smtp = await createSmtpServer()
  await smtp.start()
  proxy = await createTcpProxy(Number(new URL(smtp.url).port))
  world = await createWorld({ SMTP_URL: `smtp://127.0.0.1:${proxy.port}`, MAIL_FROM: 'staff@portal.test' })
  sql = postgres(world.env.DATABASE_URL!, { max: 1, onnotice: () => {} })
  const places = [world.acme, world.globex]
  people = await Promise.all(
    Array.from({ length: volume(4, 20) }, async (_, i) => {
      const place = places[i % 2]!
      return { place, person: await addPerson(world, place, `reader${i}@example.com`) }
    }),
  )
})
afterAll(async () => {
  await sql.end()
  await world.stop()
  proxy.close()
  await smtp.stop()
})

describe('a network to the mail server', () => {
  test('that is slow delays no request, and each mail arrives once', async () => {
    await expectMails('SMTP, 200 ms late each way', async ask => {
      proxy.latency = 200
      await ask()
      await outboxIsEmpty(world)
      proxy.latency = 0
    })
  })

  test('that loses the answer to a mail: it is sent again with the same id, and the others arrive once', async () => {
    smtp.mails.length = 0
    const lost = proxy.loseAnswerTo('\r\n.\r\n')
    await askForLinks()
    await lost
    await outboxIsEmpty(world)
    const ids = smtp.mails.map(({ id }) => id)
    expect(ids).toHaveLength(people.length + 1)
    expect(new Set(ids).size).toBe(people.length)
    await reportLine('SMTP, the answer to a mail lost: sent again with the same id, all invariants hold')
  })

  test.runIf(isLong)('whose other end has vanished, or that swallows everything: each mail arrives once', async () => {
    await expectMails('SMTP, half-open connections', async ask => {
      proxy.vanish()
      await ask()
    })
    await expectMails('SMTP, black hole for 10 s', async ask => {
      proxy.swallow()
      await ask()
      await sleep(10_000)
      proxy.restore()
    })
    await expectMails('SMTP down for 10 s', async ask => {
      await smtp.stop()
      await ask()
      await sleep(10_000)
      await smtp.start()
    })
  })
})

async function expectMails(kind: string, fault: (ask: () => Promise<void>) => Promise<void>): Promise<void> {
  smtp.mails.length = 0
  await fault(askForLinks)
  const ended = performance.now()
  await outboxIsEmpty(world)
  const recovered = Math.round(performance.now() - ended)
  expect(smtp.mails.map(({ to }) => to).sort()).toEqual(people.map(({ person }) => person.email).sort())
  expect(await findViolations(sql)).toEqual([])
  await reportLine(`${kind}: ${people.length} mails, once each, all sent after ${recovered} ms, all invariants hold`)
}

/** Everyone asks for a link; each request is answered at once. */
async function askForLinks(): Promise<void> {
  // As if the last ones were long ago.
  await sql`delete from platform.rate_limits`
  for (const { place, person } of people)
    expect((await place.call(`${auth}/users/reset_password/`, { body: { email: person.email } })).status).toBe(204)
}
