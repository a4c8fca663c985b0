import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Config } from '#server/config.ts'
import { loadConfig } from '#server/config.ts'
import { loadMigrations } from '#server/database/migrations/files.ts'
import type { Check } from '#server/domain/platform/check.ts'
import { examine } from '#server/domain/platform/doctor.ts'
import { createSmtpServer } from '../../support/data/smtp.ts'
import { runCli } from '../../support/process/cli.ts'
import { freePort } from '../../support/process/server.ts'
import type { World } from '../../support/world.ts'
import { api, createWorld, signInAs } from '../../support/world.ts'

let world: World
let uploads: string
beforeAll(async () => {
  uploads = await mkdtemp(join(tmpdir(), 'tenantry-doctor-'))
  world = await createWorld({ UPLOAD_DIR: uploads }, { processes: 1 })
})
afterAll(async () => {
  await world.stop()
  await rm(uploads, { recursive: true, force: true })
})

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

test('what was created, changed or dropped by hand is found in its schema, with the statement that undoes it', async () => {
  const { db } = world.app.database.platform
  const { schema } = world.acme
  const run = async (statements: string[]) => {
    for (const statement of statements) await db.execute(statement)
  }
  expect(await problemsOf('drift')).toEqual([])
  await run([
    `alter table ${schema}.users add column nickname text default 'none' not null`,
    `alter table ${schema}.sessions alter column ip type text`,
    `alter table ${schema}.sessions alter column counter drop default`,
    `alter table ${schema}.sessions drop column user_agent`,
    `alter table ${schema}.sessions drop constraint sessions_user_id_users_id_fk`,
    `alter table ${schema}.departments add constraint short check (length(name) < 50)`,
    `drop index ${schema}.factors_user`,
    `create index extra on ${schema}.users (date_joined)`,
    `drop index ${schema}.recovery_codes_user`,
    `create index recovery_codes_user on ${schema}.recovery_codes (created)`,
  ])
  const problems = await problemsOf('drift')
  const facts = problems.map(problem => problem.replaceAll(`${schema}.`, '').replace(/[.:,] .*/, ''))
  expect(facts).toEqual([
    'acme has another column sessions.counter',
    'acme has another column sessions.ip',
    'acme lacks the column sessions.user_agent',
    'acme has an unknown column',
    'acme has an unknown constraint',
    'acme lacks the constraint sessions_user_id_users_id_fk of sessions',
    'acme lacks the index factors_user of factors',
    'acme has another index recovery_codes_user of recovery_codes',
    'acme has an unknown index',
  ])
  expect(problems[1]).toBe(
    `acme has another column ${schema}.sessions.ip: text, in place of character varying(45). Undo it with: alter table ${schema}.sessions alter column ip`,
  )
  await run([
    `alter table ${schema}.sessions alter column counter set default 0`,
    `alter table ${schema}.sessions alter column ip type varchar(45)`,
    ...problems.flatMap(problem => /run: (.*)/i.exec(problem)?.[1]?.split('; ') ?? []),
  ])
  expect(await problemsOf('drift')).toEqual([])
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

test('proxies are checked: everybody trusted, none behind TLS, and a header from one that is not trusted', async () => {
  const proxies = (TRUSTED_PROXIES: string) => loadConfig({ ...world.env, TRUSTED_PROXIES }).trustedProxies
  const problems = (list: string, config: Partial<Config> = {}) =>
    problemsOf('proxies', { trustedProxies: proxies(list), ...config })
  expect(await problems('10.0.0.0/8,192.0.2.1,fc00::/7,2001:db8::1')).toEqual([])
  expect(await problems('0.0.0.0/0,10.1.2.3,::/0')).toEqual([
    expect.stringMatching(/^TRUSTED_PROXIES trusts (?:::|0\.0\.0\.0)\/0, which anybody can be in/),
    expect.stringMatching(/^TRUSTED_PROXIES trusts (?:::|0\.0\.0\.0)\/0, which anybody can be in/),
  ])
  const behindTls = { production: true, protocol: 'https' } as const
  expect(await problems('', behindTls)).toEqual([expect.stringMatching(/^TRUSTED_PROXIES is empty/)])
  expect(await problems('192.0.2.1', behindTls)).toEqual([])
  // The console asks a process that has seen one.
  const { access: token } = await signInAs(world.console, world.console.admin)
  const readAtConsole = async () => {
    const { json } = await world.console.call(`${api}/health/checks/`, { token })
    return json.checks.find(({ name }: Check) => name === 'proxies').problems
  }
  expect(await readAtConsole()).toEqual([])
  for (const place of [world.acme, world.globex, world.acme])
    await place.call('/', { headers: { 'x-forwarded-for': '203.0.113.9' } })
  expect(await readAtConsole()).toEqual([expect.stringMatching(/^X-Forwarded-For from 127\.0\.0\.1 is ignored/)])
  const lines = world.server.log.filter(({ event }) => event === 'forwarded_header_ignored')
  expect(lines).toMatchObject([{ level: 'warn', ip: '127.0.0.1' }])
})

test('a realm without a signing key, and keys that should have been deleted, are found', async () => {
  const { db } = world.app.database.platform
  const { schema } = world.acme
  const { signing_keys: keys } = world.app.database.tenant(schema).tables
  const [created, retired_at] = [99, 90].map(days => new Date(Date.now() - days * 86_400_000))
  const row = { kid: 'old', public_key: '', private_key: '', created: created!, activated_at: created!, retired_at }
  await world.app.database.tenant(schema).db.insert(keys).values(row)
  await db.execute(`update platform.signing_keys set retired_at = now()`)
  expect(await problemsOf('signing keys')).toEqual([
    'console has no signing key. Run: tenantry keys rotate console',
    expect.stringMatching(/^acme has 1 expired signing key, which the daily clean-up should have deleted/),
  ])
  await db.execute(`update platform.signing_keys set retired_at = null`)
  await db.execute(`delete from ${schema}.signing_keys where kid = 'old'`)
  expect(await problemsOf('signing keys')).toEqual([])
})

test('files without a row and rows without a file are found, in the organisation where that is', async () => {
  const { db } = world.app.database.platform
  const { schema, admin } = world.acme
  await db.execute(`update ${schema}.users set photo = '0198c0de-0000-7000-8000-000000000000' where id = '${admin.id}'`)
  const [lost, ...others] = await problemsOf('pictures')
  expect(lost).toMatch(new RegExp(`^acme lacks \\d files?, such as .*${schema}/${admin.id}/0198c0de`))
  expect(others).toEqual([])
  await db.execute(`update ${schema}.users set photo = null where id = '${admin.id}'`)
  expect(await problemsOf('pictures')).toEqual([])
  const folder = join(uploads, world.globex.schema, world.globex.admin.id)
  const stray = join(folder, '0198c0de-0000-7000-8000-000000000000-64.webp')
  await mkdir(folder, { recursive: true })
  await writeFile(stray, 'an image')
  expect(await problemsOf('pictures')).toEqual([])
  await utimes(stray, new Date(0), new Date(0))
  expect(await problemsOf('pictures')).toEqual([expect.stringMatching(`^globex has 1 orphaned file, such as ${stray}`)])
  await rm(stray)
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
