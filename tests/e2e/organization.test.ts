import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { launchBrowser, open, openProfile, signInAt, visit } from '../support/browser/browser.ts'
import type { World } from '../support/world.ts'
import { api, auth, createWorld, signInAs } from '../support/world.ts'

const settings = '/settings/organization'

let world: World
let uploads: string
let browser: Browser
beforeAll(async () => {
  uploads = await mkdtemp(join(tmpdir(), 'tenantry-uploads-'))
  world = await createWorld({ ACCESS_TTL: '3600', UPLOAD_DIR: uploads })
  browser = await launchBrowser()
})
afterAll(async () => {
  await world.stop()
  await rm(uploads, { recursive: true })
})

describe('an Admin', () => {
  test('gives the organisation a name, a colour and a logo, which the sign-in page then wears', async () => {
    const { context, complaints } = await openProfile(browser)
    const page = await signInAt(context, world.acme, world.acme.admin, settings)
    await page.getByLabel('Name', { exact: true }).fill('Acme & Daughters')
    await save(page)
    await page.getByLabel('Colour', { exact: true }).fill('#FFEE00')
    await page.getByText('hard to see on light pages').waitFor()
    await save(page)
    const logo = await sharp({ create: { width: 300, height: 100, channels: 3, background: 'navy' } })
      .png()
      .toBuffer()
    await page.getByLabel('Choose image').setInputFiles({ name: 'logo.png', mimeType: 'image/png', buffer: logo })
    await page.getByAltText('Preview of the new logo').waitFor()
    await page.getByRole('button', { name: 'Save logo' }).click()
    await page.getByText('The logo was saved').waitFor()
    expect(complaints).toEqual([])
    await context.close()

    const stranger = await openProfile(browser)
    const loginPage = await open(stranger.context, world.acme, '/login')
    expect(await loginPage.title()).toBe('Sign in · Acme & Daughters')
    expect(await loginPage.locator('header img').evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(256)
    expect(await loginPage.content()).toContain('#ffee00')
    await visit(loginPage, world.globex, '/login')
    expect(await loginPage.content()).not.toMatch(/ffee00|organization\/logo/)
    expect(stranger.complaints).toEqual([])
    await stranger.context.close()
  })

  test('is told at the field what is wrong, and not let go with something unsaved', async () => {
    const { context } = await openProfile(browser)
    const page = await signInAt(context, world.acme, world.acme.admin, settings)
    await page.getByLabel('Name', { exact: true }).fill('Globex Corporation')
    await page.getByRole('button', { name: 'Save changes' }).click()
    const fault = page.getByText('An organisation with this name already exists.')
    await fault.waitFor()
    await page.getByLabel('Name', { exact: true }).fill('Globex Incorporated')
    await fault.waitFor({ state: 'detached' })
    await page.getByRole('link', { name: 'People' }).first().click()
    const question = page.getByRole('dialog')
    await question.getByRole('button', { name: 'Cancel' }).click()
    expect(new URL(page.url()).pathname).toBe(settings)
    await page.getByRole('button', { name: 'Discard' }).click()
    expect(await page.getByLabel('Name', { exact: true }).inputValue()).toBe('Acme & Daughters')
    await page.getByRole('button', { name: 'Save changes' }).waitFor({ state: 'detached' })
    await page.getByLabel('Minimum password length').fill('8')
    await page.getByRole('button', { name: 'Save changes' }).click()
    await page.getByText('greater than or equal to 12').waitFor()
    await context.close()
  })

  test('opens registration to a domain, and to no other', async () => {
    const { context } = await openProfile(browser)
    const page = await signInAt(context, world.acme, world.acme.admin, settings)
    await page.getByLabel('Anyone with an allowed email address').check()
    await page.getByText('anyone with any email address can join as Staff').waitFor()
    const domains = page.getByLabel('Allowed email domains')
    await domains.fill('nonsense')
    await page.getByRole('button', { name: 'Save changes' }).click()
    await page.getByText('Enter a domain such as').waitFor()
    await expect
      .poll(() => domains.evaluate(field => field === document.activeElement && field.getAttribute('aria-invalid')))
      .toBe('true')
    await page.getByRole('button', { name: 'Remove nonsense' }).click()
    await domains.fill('@Acme.test')
    await domains.press('Enter')
    await save(page)
    await context.close()

    const register = (email: string) =>
      world.acme.call(`${auth}/users/`, { body: { email, password: 'an unlikely row of words' } })
    expect((await register('mia@elsewhere.test')).status).toBe(400)
    expect((await register('mia@acme.test')).status).toBe(201)
  })

  test("is filtered by days, which are typed in the portal's language and not in the browser's", async () => {
    const { context, complaints } = await openProfile(browser, { locale: 'en-US' })
    const page = await signInAt(context, world.acme, world.acme.admin, '/audit')
    const from = page.getByRole('group', { name: 'From' })
    await from.getByRole('spinbutton').first().click()
    await page.keyboard.type('28112026')
    await page.waitForURL('**/audit?since=2026-11-28')
    expect(await from.innerText()).toMatch(/28\s*\/\s*11\s*\/\s*2026/)
    for (let i = 0; i < 4; i++) await page.keyboard.press('Backspace')
    await page.waitForURL('**/audit')
    expect(complaints).toEqual([])
    await context.close()
  })

  test('finds all of it in the audit, in words, with old and new values, and takes it along as a file', async () => {
    const { context, complaints } = await openProfile(browser)
    const page = await signInAt(context, world.acme, world.acme.admin, '/audit')
    await page.getByLabel('Event type').selectOption('organization')
    await page.waitForURL('**/audit?action=organization')
    await page.getByText('ann@example.com replaced the logo').waitFor()
    const event = page
      .getByRole('listitem')
      .filter({ hasText: 'changed the name of the organisation from Acme Ltd to Acme & Daughters' })
    await event.locator('summary').click()
    expect(await event.getByRole('cell').allInnerTexts()).toEqual(['Acme Ltd', 'Acme & Daughters'])
    await event.getByRole('link', { name: 'All events by ann@example.com' }).click()
    await page.getByRole('link', { name: /By ann@example\.com$/ }).waitFor()
    const download = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Export CSV' }).click()
    expect((await download).suggestedFilename()).toBe('audit.csv')
    await page.getByRole('searchbox').fill('mia')
    await page.getByText('No events match').waitFor()
    await page.getByRole('link', { name: 'Clear filters' }).click()
    await page.getByText('mia@acme.test registered').waitFor()
    expect(complaints).toEqual([])
    await context.close()
  })
})

test('Staff get neither page nor answer', async () => {
  const { context } = await openProfile(browser)
  const page = await signInAt(context, world.acme, world.acme.staff)
  expect(await page.getByRole('link', { name: 'Audit log' }).count()).toBe(0)
  for (const path of [settings, '/audit']) {
    expect((await page.goto(`${world.acme.origin}${path}`))!.status()).toBe(403)
    expect(await page.content()).not.toMatch(/office@acme\.test|replaced the logo/)
  }
  await context.close()
  const { access } = await signInAs(world.acme, world.acme.staff)
  expect(
    (await world.acme.call(`${api}/organization/`, { method: 'PATCH', token: access, body: { name: 'Ours' } })).status,
  ).toBe(403)
  expect((await world.acme.call(`${api}/audit/`, { token: access })).status).toBe(403)
})

async function save(page: Page): Promise<void> {
  const answered = page.waitForResponse(
    response => response.request().method() === 'PATCH' && response.url().endsWith('/organization/'),
  )
  await page.getByRole('button', { name: 'Save changes' }).click()
  expect((await answered).status()).toBe(200)
  await page.getByText('Changes saved').last().waitFor()
}
