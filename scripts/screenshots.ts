/**
 * `npm run screenshots`: takes the pictures in docs/screenshots again, of the demo, in light and dark mode, on a wide
 * screen and on a phone.
 */
import { mkdtemp, mkdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BrowserContext, Page } from 'playwright-core'
import { loadConfig } from '#server/config.ts'
import { createApp } from '#server/create-app.ts'
import { loadMigrations } from '#server/database/migrations/files.ts'
import { bootstrapPlatform } from '#server/database/migrations/runner.ts'
import { seedDemo } from '#server/domain/platform/demo/demo.ts'
import { requireTenant } from '#server/domain/tenants/tenants.ts'
import { createLogger } from '#server/logger.ts'
import { launchBrowser } from '../tests/support/browser/browser.ts'
import { freePort, startServer } from '../tests/support/process/server.ts'
import { buildIfNeeded } from './build.ts'
import { main } from './run.ts'

const folder = 'docs/screenshots'
const looks = [
  { suffix: '', viewport: { width: 1280, height: 800 }, colorScheme: 'light' },
  { suffix: '-dark', viewport: { width: 1280, height: 800 }, colorScheme: 'dark' },
  { suffix: '-phone', viewport: { width: 390, height: 844 }, colorScheme: 'light' },
  { suffix: '-phone-dark', viewport: { width: 390, height: 844 }, colorScheme: 'dark' },
] as const

const portalPages = [
  ['/', 'home'],
  ['/people', 'people'],
  ['/departments', 'departments'],
  ['/invitations', 'invitations'],
  ['/audit', 'audit'],
  ['/settings/organization', 'organization'],
  ['/profile', 'profile'],
] as const
const consolePages = [
  ['/', 'console'],
  ['/tenants', 'tenants'],
  ['/operators', 'operators'],
  ['/health', 'health'],
] as const

await main(async () => {
  await buildIfNeeded()
  await mkdir(folder, { recursive: true })
  const home = await mkdtemp(join(tmpdir(), 'tenantry-screenshots-'))
  const port = await freePort()
  const env = { DATA_DIR: home, PORT: String(port), DEMO: '1', NODE_ENV: 'production' }
  const app = await createApp(loadConfig(env), createLogger('silent'))
  await bootstrapPlatform(app.database, loadMigrations('.', 'platform'))
  const { accounts } = await seedDemo(app, loadMigrations('.', 'tenant'))
  const server = await startServer(env)
  const browser = await launchBrowser()
  const [acme] = accounts
  const tenant = (await requireTenant(app, 'acme')).id
  const olivia = accounts.find(account => account.surface === 'console')!
  for (const { suffix, ...look } of looks) {
    const context = await browser.newContext(look)
    await take(context, `http://localhost:${port}/`, `site${suffix}`)
    await take(context, `http://localhost:${port}/signup`, `sign-up${suffix}`)
    await take(context, `${acme!.url}/login`, `sign-in${suffix}`)
    await signIn(context, acme!)
    for (const [path, name] of portalPages) await take(context, `${acme!.url}${path}`, `${name}${suffix}`)
    await signIn(context, olivia)
    for (const [path, name] of consolePages) await take(context, `${olivia.url}${path}`, `${name}${suffix}`)
    await take(context, `${olivia.url}/tenants/${tenant}`, `tenant${suffix}`)
    await context.close()
  }
  await browser.close()
  await server.stop()
  await app.close()
  await rm(home, { recursive: true, force: true })
})

async function take(context: BrowserContext, url: string, name: string): Promise<void> {
  const page = await context.newPage()
  await page.goto(url, { waitUntil: 'networkidle' })
  await page.screenshot({ path: join(folder, `${name}.png`) })
  await page.close()
}

async function signIn(
  context: BrowserContext,
  { url, email, password }: { url: string; email: string; password: string },
): Promise<void> {
  const page: Page = await context.newPage()
  await page.goto(`${url}/login`, { waitUntil: 'networkidle' })
  await page.getByLabel('Email').fill(email)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.waitForURL(`${url}/`)
  await page.close()
}
