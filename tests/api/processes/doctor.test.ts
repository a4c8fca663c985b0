import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Config } from '#server/config.ts'
import { loadMigrations } from '#server/database/migrations/files.ts'
import type { Check } from '#server/domain/platform/check.ts'
import { examine } from '#server/domain/platform/doctor.ts'
import { createSmtpServer } from '../../support/data/smtp.ts'
import { runCli } from '../../support/process/cli.ts'
import { freePort } from '../../support/process/server.ts'
import type { World } from '../../support/world.ts'
import { createWorld } from '../../support/world.ts'

let world: World
beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world.stop())

test('an installation without a problem passes, with a summary for each check', async () => {
  const { code, json } = await runCli(['doctor', '--json'], world.env)
  expect([code, json.ok, json.checks.flatMap((check: Check) => check.problems)]).toEqual([0, true, []])
  const names = json.checks.map(({ name }: Check) => name)
  expect(names).toEqual(expect.arrayContaining(['database', 'signing keys', 'indexes', 'clock', 'mail', 'domain']))
})

test('an index whose creation failed is found in the schema where that was', async () => {
  const { db } = world.app.database.platform
  const { schema } = world.globex
  await db.execute(`create table ${schema}.users_copy as select 1 as id from ${schema}.users`)
  await expect(db.execute(`create unique index concurrently twice on ${schema}.users_copy (id)`)).rejects.toThrow()
  expect(await problemsOf('indexes')).toEqual([
    `The index ${schema}.twice is not valid. Run: reindex index concurrently ${schema}.twice`,
  ])
  await db.execute(`drop table ${schema}.users_copy`)
  expect(await problemsOf('indexes')).toEqual([])
})

test('a mail server that is gone is found, one that answers passes, and none is a problem in production', async () => {
  const smtp = await createSmtpServer()
  await smtp.start()
  const mail = (smtpUrl: string | undefined) => ({ mail: { ...world.app.config.mail, smtpUrl } })
  expect(await problemsOf('mail', mail(smtp.url))).toEqual([])
  await smtp.stop()
  expect(await problemsOf('mail', mail(`smtp://127.0.0.1:${await freePort()}`))).toEqual([
    expect.stringMatching(/^SMTP_URL: .*ECONNREFUSED/),
  ])
  expect(await problemsOf('mail', { production: true })).toHaveLength(1)
})

test('a domain without an address is found, with the record that is missing', async () => {
  expect(await problemsOf('domain', { baseDomain: 'nowhere.invalid' })).toEqual([
    'nowhere.invalid has no address. Add a DNS record for nowhere.invalid.',
    'console.nowhere.invalid has no address. Add a DNS record for *.nowhere.invalid.',
    'any-organisation.nowhere.invalid has no address. Add a DNS record for *.nowhere.invalid.',
  ])
})

async function problemsOf(name: string, config: Partial<Config> = {}): Promise<string[]> {
  const migrations = { platform: loadMigrations('.', 'platform'), tenant: loadMigrations('.', 'tenant') }
  const checks = await examine({ ...world.app, config: { ...world.app.config, ...config } }, migrations)
  return checks.find(check => check.name === name)!.problems
}
