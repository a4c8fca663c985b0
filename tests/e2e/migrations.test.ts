import type { Browser } from 'playwright-core'
import postgres from 'postgres'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadMigrations } from '#server/database/migrations/files.ts'
import { isUnexpected, launchBrowser, openProfile, signInAt } from '../support/browser/browser.ts'
import { undoMigration } from '../support/database/undo-migration.ts'
import type { World } from '../support/world.ts'
import { createWorld } from '../support/world.ts'

const last = loadMigrations('.', 'tenant').at(-1)!

let world: World
let browser: Browser
let sql: postgres.Sql
beforeAll(async () => {
  world = await createWorld()
  browser = await launchBrowser()
  sql = postgres(world.env.DATABASE_URL!, { max: 1, onnotice: () => {} })
})
afterAll(async () => {
  await sql.end()
  await world.stop()
})

test('an operator looks at the plan of a migration, starts it, and retries what has failed', async () => {
  for (const { schema } of [world.acme, world.globex]) await undoMigration(sql, schema, last)
  const { context, complaints } = await openProfile(browser)
  const page = await signInAt(context, world.console, world.console.admin, '/migrations')
  const count = (state: string) => page.locator('dl > div', { hasText: state }).getByRole('definition')
  await count('Outdated').getByText('2', { exact: true }).waitFor()
  await page.getByText('Plan', { exact: true }).click()
  await page.getByText(last.statements[0]!.trim().slice(0, 40)).first().waitFor()
  await page.getByRole('button', { name: 'Migrate all' }).click()
  const question = page.getByRole('dialog', { name: 'Migrate 2 organisations?' })
  await question.getByRole('button', { name: 'Migrate all' }).click()
  await count('Up to date').getByText('2', { exact: true }).waitFor()
  expect(await page.getByRole('button', { name: 'Migrate all' }).isDisabled()).toBe(true)

  await undoMigration(sql, world.acme.schema, last)
  await sql`update platform.schema_versions set state = 'failed', error = 'lock' where schema = ${world.acme.schema}`
  await page.reload()
  await count('Failed').getByText('1', { exact: true }).waitFor()
  await page.getByRole('button', { name: 'Retry failed' }).click()
  await count('Up to date').getByText('2', { exact: true }).waitFor()
  await page.getByRole('button', { name: 'Retry failed' }).waitFor({ state: 'detached' })
  expect(complaints.filter(isUnexpected)).toEqual([])
  await context.close()
})
