import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import postgres from 'postgres'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { requestExport } from '#server/domain/archives/requests.ts'
import { fromSystem } from '#server/domain/context.ts'
import { holdOperation } from '#server/domain/operations/hold.ts'
import { claimOperation, releaseOperation } from '#server/domain/operations/lease.ts'
import { mailsTo } from '../../support/data/mails.ts'
import { findViolations } from '../../support/faults/invariants.ts'
import { reportLine } from '../../support/faults/rig.ts'
import { waitLimit } from '../../support/process/wait-limit.ts'
import { isLong, volume } from '../../support/volume.ts'
import type { World } from '../../support/world.ts'
import { addPerson, api, auth, createWorld, signInAs } from '../../support/world.ts'

/** Milliseconds. */
const tenMinutes = 600_000

let folder: string
let world: World
let sql: postgres.Sql
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenantry-clock-'))
  await setClock(0)
  world = await createWorld({
    NODE_OPTIONS: '--import=./tests/support/faults/shifted-clock.mjs',
    CLOCK_FILE: join(folder, 'clock'),
    ACCESS_TTL: '120',
    REFRESH_GRACE: '10',
  })
  sql = postgres(world.env.DATABASE_URL!, { max: 1, onnotice: () => {} })
})
afterAll(async () => {
  await sql.end()
  await world.stop()
  await rm(folder, { recursive: true })
})

test('a clock that is set forward signs nobody out, and set back only refuses tokens of the future', async () => {
  const places = [world.acme, world.globex]
  const users = await Promise.all(
    places.flatMap(place =>
      [place.admin, place.staff].map(async person => ({ place, pair: await signInAs(place, person) })),
    ),
  )
  const counts = { requests: 0, refused: 0 }
  for (let i = 0; i < volume(1, 10); i++) {
    await setClock(tenMinutes)
    for (const user of users) expect(await isServed(user)).toBe(true)
    // Who comes only after the clock is right again has noticed nothing.
    await setClock(0)
    const absent = await Promise.all(places.map(async place => ({ place, pair: await signInAs(place, place.staff) })))
    await setClock(tenMinutes)
    await setClock(0)
    for (const user of absent) expect(await isServed(user)).toBe(true)
    // The others' tokens are of the future. Their sessions go on when it has come.
    for (const user of users) expect(await isServed(user)).toBe(false)
    await setClock(tenMinutes)
    for (const user of users) expect(await isServed(user)).toBe(true)
  }
  await setClock(0)
  for (const { schema } of places)
    expect(await sql`select revoked_reason from ${sql(schema)}.sessions where revoked_at is not null`).toEqual([])
  expect(await findViolations(sql)).toEqual([])
  await reportLine(
    `clock ten minutes forward and back, ${volume(1, 10)} times: ${counts.requests} requests (401 ${counts.refused}, 5xx 0), no session ended, all invariants hold`,
  )

  /** As a client does: refreshes the tokens where the access token is refused. */
  async function isServed({ place, pair }: (typeof users)[number]): Promise<boolean> {
    for (const isRefreshed of [false, true]) {
      const { status } = await place.call(`${auth}/users/me/`, { token: pair.access })
      counts.requests++
      if (status === 200) return true
      expect(status).toBe(401)
      counts.refused++
      if (isRefreshed) return false
      const answer = await place.call(`${auth}/jwt/refresh/`, { body: { refresh: pair.refresh } })
      if (answer.status === 200) Object.assign(pair, answer.json)
      else expect(answer.status).toBe(401)
    }
    return false
  }
})

test('mails are sent and jobs run at once, whatever the clock says', async () => {
  for (const [i, shift] of [tenMinutes, -tenMinutes, 0].entries()) {
    await setClock(shift)
    for (const place of [world.acme, world.globex]) {
      const { email } = await addPerson(world, place, `mailed${i}@example.com`)
      expect((await place.call(`${auth}/users/reset_password/`, { body: { email } })).status).toBe(204)
      expect(await mailsTo(world, place, email)).toHaveLength(1)
    }
    const { access: token } = await signInAs(world.console, world.console.admin)
    const runs = async () => (await world.console.call(`${api}/jobs/runs/?name=clean-up`, { token })).json.results
    const before = (await runs()).length
    await expect
      .poll(async () => {
        await world.console.call(`${api}/jobs/clean-up/runs/`, { method: 'POST', token })
        return (await runs()).filter(({ state }: { state: string }) => state === 'completed').length
      }, waitLimit)
      .toBeGreaterThan(before)
  }
  await setClock(0)
  await reportLine('clock ten minutes forward and back: mails are sent and jobs run, all invariants hold')
})

test.runIf(isLong)('a clock that is set back does not end the lease of an operation', async () => {
  const id = await requestExport(world.app, world.acme.id, fromSystem, true)
  const operation = (await claimOperation(world.app, { id }))!
  const held = holdOperation(world.app, operation, new AbortController().signal)
  const look = async () =>
    (
      await sql<{ lease_until: Date; attempts: number }[]>`
      select lease_until, attempts from platform.operations where id = ${id}`
    )[0]!
  const before = await look()
  const now = Date.now.bind(Date)
  const clock = vi.spyOn(Date, 'now').mockImplementation(() => now() - tenMinutes)
  await expect.poll(async () => (await look()).lease_until > before.lease_until, waitLimit).toBe(true)
  clock.mockRestore()
  // Renewed by us: the server has not taken over.
  expect((await look()).attempts).toBe(before.attempts)
  await held.end()
  await releaseOperation(world.app, operation, { blameless: true })
  await reportLine('clock set back under an operation: its lease is renewed')
})

/** @param shift milliseconds from the machine's time */
async function setClock(shift: number): Promise<void> {
  const file = join(folder, 'clock')
  await writeFile(`${file}.new`, String(shift))
  await rename(`${file}.new`, file)
  // At the start, there is nothing to notice.
  if (!world) return writeFile(`${file}.seen`, String(shift))
  while ((await readFile(`${file}.seen`, 'utf8')) !== String(shift)) await sleep(10)
}
