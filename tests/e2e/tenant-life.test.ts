import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres from 'postgres'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import sharp from 'sharp'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { rowsOf } from '../support/data/archives.ts'
import {
  fillNewPassword,
  fillSignIn,
  followMail,
  isUnexpected,
  launchBrowser,
  open,
  openProfile,
  signInAt,
  signInByForm,
  visit,
} from '../support/browser/browser.ts'
import { sitePlace } from '../support/data/mails.ts'
import { waitLimit } from '../support/process/wait-limit.ts'
import type { SecondServer } from '../support/process/second-server.ts'
import { startBeside } from '../support/process/second-server.ts'
import type { Place, World } from '../support/world.ts'
import type { Person } from '../support/database/templates.ts'
import { api, createWorld, signInAs } from '../support/world.ts'

const peter: Person = { id: '', email: 'peter@initech.test', password: 'nine velvet trombones' }
const mia: Person = { id: '', email: 'mia@initech.test', password: 'five wooden kites fly' }

let world: World
let second: SecondServer
let browser: Browser
let sql: postgres.Sql
let files: string
let initech: Place
beforeAll(async () => {
  files = await mkdtemp(join(tmpdir(), 'tenantry-life-'))
  const folders = { UPLOAD_DIR: join(files, 'uploads'), ARCHIVE_DIR: join(files, 'archives') }
  // In demo mode, which has a mailbox page.
  world = await createWorld({ DEMO: '1', SIGNUP: 'open', POOL_SIZE: '1', ACCESS_TTL: '3600', ...folders })
  second = await startBeside(world)
  sql = postgres(world.env.DATABASE_URL!, { max: 2, onnotice: () => {} })
  browser = await launchBrowser()
})
afterAll(async () => {
  await sql.end()
  await second.stop()
  await world.stop()
  await rm(files, { recursive: true, force: true })
})

test(
  "a tenant's whole life: signed up, lived in, suspended, renamed, archived, deleted, and back again from its archive",
  { timeout: 240_000 },
  async () => {
    const visitor = await openProfile(browser)
    const operator = await openProfile(browser)
    const portal = await signUp(visitor.context)
    await liveIn(visitor.context, portal)

    const page = await findTenant(operator.context)
    await suspend(page)
    await rename(page)
    const before = { rows: await rowsOf(sql, initech.schema), pictures: await picturesOf(initech.schema) }
    expect(Object.keys(before.pictures).length).toBeGreaterThan(0)
    await archive(page)
    await deleteAndRestore(page)
    await deleteForGood(page)

    const schema = await restoreAsNew(page)
    expect(await picturesOf(schema)).toEqual(before.pictures)
    const after = await rowsOf(sql, schema)
    expect(Object.keys(after)).toEqual(Object.keys(before.rows))
    // Except for the events since then: archived, scheduled for deletion and so on.
    for (const [table, rows] of Object.entries(after))
      if (table !== 'audit_events') expect([table, rows]).toEqual([table, before.rows[table]])
    expect(after.audit_events).toEqual(expect.arrayContaining(before.rows.audit_events!))
    const again = { ...initech, origin: `http://initech-again.localhost:${world.port}` }
    const back = await signInByForm(visitor.context, again, peter)
    await visit(back, again, '/people')
    await back.getByText('2 people', { exact: true }).waitFor()
    expect([...visitor.complaints, ...operator.complaints].filter(isExpected)).toEqual([])
    await Promise.all([visitor.context.close(), operator.context.close()])
  },
)

/** From the site's form to the first Admin's start page. */
async function signUp(context: BrowserContext): Promise<Page> {
  const site = { ...sitePlace(world), origin: `http://localhost:${world.port}` }
  const page = await open(context, site, '/signup')
  await page.getByLabel('Organisation name').fill('Initech')
  await page.getByText('initech is available.').waitFor()
  await page.getByLabel('Your first name').fill('Peter')
  await page.getByLabel('Your last name').fill('Gibbons')
  await page.getByLabel('Your email address').fill(peter.email)
  await page.getByRole('button', { name: 'Sign up' }).click()
  await page.getByRole('link', { name: 'Open demo mailbox' }).waitFor()
  const confirmation = await followMail(context, page, site, 'Confirm the sign-up of “Initech', 'Confirm sign-up')
  await confirmation.getByRole('button', { name: 'Confirm and create' }).click()
  await confirmation.getByRole('heading', { name: 'Initech is ready' }).waitFor()
  const [tenant] = await sql`select id, schema from platform.tenants where subdomain = 'initech'`
  const host = `initech.localhost:${world.port}`
  initech = {
    ...world.acme,
    id: tenant!.id as string,
    schema: tenant!.schema as string,
    host,
    origin: `http://${host}`,
    call: (path, options) => world.call(host, path, options),
  }
  const link = await confirmation.getByRole('link', { name: 'Choose a password' }).getAttribute('href')
  await visit(confirmation, initech, new URL(link!).pathname)
  await fillNewPassword(confirmation, 'New password', peter.password)
  await confirmation.getByRole('button', { name: 'Set password' }).click()
  await confirmation.waitForURL('**/login')
  await fillSignIn(confirmation, peter)
  await confirmation.waitForURL(`${initech.origin}/`)
  await confirmation.getByRole('heading', { name: 'Hello, Peter' }).waitFor()
  await confirmation.getByText('0 of 4 done').first().waitFor()
  return confirmation
}

/** Adds a logo, and a Staff user by invitation. */
async function liveIn(context: BrowserContext, page: Page): Promise<void> {
  await visit(page, initech, '/settings/organization')
  const logo = await sharp({ create: { width: 300, height: 100, channels: 3, background: 'navy' } })
    .png()
    .toBuffer()
  await page.getByLabel('Choose image').setInputFiles({ name: 'logo.png', mimeType: 'image/png', buffer: logo })
  await page.getByRole('button', { name: 'Save logo' }).click()
  await page.getByText('The logo was saved').waitFor()
  await visit(page, initech, '/invitations')
  await page.getByRole('button', { name: 'Invite', exact: true }).first().click()
  await page.getByRole('dialog').getByLabel('Email').fill(mia.email)
  await page.getByRole('button', { name: 'Send invitation' }).click()
  await page.getByRole('row', { name: mia.email }).waitFor()
  const invitation = await followMail(context, page, initech, 'Join “Initech', 'Accept invitation')
  await invitation.getByLabel('First name').fill('Mia')
  await invitation.getByLabel('Last name').fill('Moreau')
  await fillNewPassword(invitation, 'Password', mia.password)
  await invitation.getByRole('button', { name: 'Accept invitation' }).click()
  await invitation.waitForURL(url => !url.pathname.startsWith('/invite'))
}

async function findTenant(context: BrowserContext): Promise<Page> {
  const page = await signInAt(context, world.console, world.console.admin, '/tenants')
  await page.getByRole('searchbox').fill('initech')
  await page.waitForURL('**/tenants?search=initech')
  await page.getByRole('link', { name: 'Initech', exact: true }).click()
  await page.getByRole('heading', { level: 1, name: 'Initech' }).waitFor()
  return page
}

/** Suspends the tenant: all users are signed out at once, in a second process too. */
async function suspend(page: Page): Promise<void> {
  const { access: token } = await signInAs(initech, peter)
  const here = () => initech.call(`${api}/auth/users/me/`, { token })
  const there = () => second.at(initech, `${api}/auth/users/me/`, { token })
  expect([(await here()).status, (await there()).status]).toEqual([200, 200])
  await act(page, 'Suspend')
  await page.getByRole('dialog').getByLabel('Reason').fill('Unpaid since May')
  await page.getByRole('dialog').getByRole('button', { name: 'Suspend', exact: true }).click()
  await page.getByText('Unpaid since May').first().waitFor()
  for (const call of [here, there]) await expect.poll(async () => (await call()).status, { interval: 50 }).toBe(403)
  expect((await second.at(initech, '/', { headers: { accept: 'text/html' } })).status).toBe(403)
  await confirm(page, 'Resume')
  await page.getByText('Unpaid since May').waitFor({ state: 'detached' })
  for (const call of [here, there]) await expect.poll(async () => (await call()).status, { interval: 50 }).toBe(200)
}

async function rename(page: Page): Promise<void> {
  await act(page, 'Edit')
  await page.getByRole('dialog').getByLabel('Subdomain').fill('initrode')
  await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
  await page.getByText('← initech').waitFor()
  const former = () => initech.call('/people?search=mia', { headers: { accept: 'text/html' } })
  await expect.poll(async () => (await former()).status).toBe(308)
  expect((await former()).headers.location).toBe(`http://initrode.localhost:${world.port}/people?search=mia`)
}

async function archive(page: Page): Promise<void> {
  await page.getByRole('navigation', { name: 'Sections' }).getByRole('link', { name: 'Archives' }).click()
  await page.getByRole('button', { name: 'Create archive' }).click()
  await page.getByRole('button', { name: /^Download / }).waitFor()
}

async function deleteAndRestore(page: Page): Promise<void> {
  await act(page, 'Schedule deletion…')
  await page
    .getByRole('dialog')
    .getByLabel(/^Type initrode/)
    .fill('initrode')
  await page.getByRole('dialog').getByRole('button', { name: 'Schedule deletion' }).click()
  await page.getByText('Will be permanently deleted on').waitFor()
  const renamed = () => world.call(`initrode.localhost:${world.port}`, `${api}/organization/branding/`)
  await expect.poll(async () => (await renamed()).status).toBe(403)
  await confirm(page, 'Restore')
  await page.getByText('Will be permanently deleted on').waitFor({ state: 'detached' })
  await expect.poll(async () => (await renamed()).status).toBe(200)
}

async function deleteForGood(page: Page): Promise<void> {
  await act(page, 'Delete permanently…')
  await page
    .getByRole('dialog')
    .getByLabel(/^Type initrode/)
    .fill('initrode')
  await page.getByRole('dialog').getByRole('button', { name: 'Delete permanently' }).click()
  await expect
    .poll(async () => (await sql`select from platform.tenants where id = ${initech.id}`).length, waitLimit)
    .toBe(0)
  expect((await sql`select from pg_namespace where nspname = ${initech.schema}`).length).toBe(0)
  expect(await picturesOf(initech.schema)).toEqual({})
  for (const host of ['initech', 'initrode'])
    expect((await world.call(`${host}.localhost:${world.port}`, `${api}/organization/branding/`)).status).toBe(404)
}

/** @returns the new tenant's schema */
async function restoreAsNew(page: Page): Promise<string> {
  await visit(page, world.console, '/archives')
  await page.getByRole('button', { name: /^Restore as new / }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Subdomain').fill('initrode')
  await dialog.getByRole('button', { name: 'Restore as new' }).click()
  // The former name is reserved for a while.
  await dialog.getByText('This subdomain is taken.').waitFor()
  await dialog.getByLabel('Subdomain').fill('initech-again')
  await dialog.getByRole('button', { name: 'Restore as new' }).click()
  await expect
    .poll(
      async () =>
        (await sql`select from platform.tenants where subdomain = 'initech-again' and status = 'active'`).length,
      waitLimit,
    )
    .toBe(1)
  const [tenant] = await sql`select schema from platform.tenants where subdomain = 'initech-again'`
  return tenant!.schema as string
}

/** Chooses an entry of the menu of actions. */
async function act(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name: 'Actions', exact: true }).click()
  await page.getByRole('button', { name, exact: true }).click()
}

/** Chooses an action and confirms the question. */
async function confirm(page: Page, name: string): Promise<void> {
  await act(page, name)
  await page.getByRole('dialog').getByRole('button', { name, exact: true }).click()
}

async function picturesOf(schema: string): Promise<Record<string, string>> {
  const folder = join(world.env.UPLOAD_DIR!, schema)
  const names = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  const pictures = names
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name))
    .sort()
  return Object.fromEntries(
    await Promise.all(
      pictures.map(async path => [path.slice(folder.length), (await readFile(path)).toString('base64')] as const),
    ),
  )
}

// The browser logs the 404 of a tenant that is deleted while its page is open, and the 400 of a subdomain that is
// taken.
function isExpected(complaint: string): boolean {
  return isUnexpected(complaint) && !/status of (?:400|404)/.test(complaint)
}
