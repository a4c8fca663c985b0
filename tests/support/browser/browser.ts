import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { chromium } from 'playwright-core'
import { expect } from 'vitest'
import type { Place } from '../world.ts'
import type { Person } from '../database/templates.ts'

/** Debian's Chromium; the flags keep it from calling home. */
export function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}

/** A new browser profile, such as one with `{ locale: 'ar' }`, which notes whatever its pages complain about. */
export async function openProfile(
  browser: Browser,
  options: BrowserContextOptions = {},
): Promise<{ context: BrowserContext; complaints: string[] }> {
  const context = await browser.newContext(options)
  context.setDefaultTimeout(60_000)
  const complaints: string[] = []
  context.on('console', message => message.type() === 'error' && complaints.push(message.text()))
  context.on('weberror', error => complaints.push(String(error.error())))
  return { context, complaints }
}

/** Opens a page and waits until it can be used: before that, what one types is lost to the hydration. */
export async function open(context: BrowserContext, place: Place, path: string): Promise<Page> {
  const page = await context.newPage()
  await visit(page, place, path)
  return page
}

export async function visit(page: Page, place: Place, path: string): Promise<void> {
  await page.goto(`${place.origin}${path}`)
  await ready(page)
}

/** Waits until a page is the application's: before, what one types is lost to the hydration. */
export async function ready(page: Page): Promise<void> {
  await page.waitForFunction(() =>
    Boolean((document.querySelector('#__nuxt') as unknown as { __vue_app__?: unknown } | null)?.__vue_app__),
  )
}

/** Signs in through the form of the sign-in page that is open, in whatever language. */
export async function fillSignIn(page: Page, person: Pick<Person, 'email' | 'password'>): Promise<void> {
  await ready(page)
  await page.locator('input[type="email"]').fill(person.email)
  await page.locator('input[type="password"]').fill(person.password)
  await page.locator('button[type="submit"]').click()
}

/** Signs in and waits for the page that one wanted. */
export async function signInAt(context: BrowserContext, place: Place, person: Person, path = '/'): Promise<Page> {
  const page = await open(context, place, path)
  await fillSignIn(page, person)
  await page.waitForURL(`${place.origin}${path}`)
  expect(await page.getByRole('navigation').first().isVisible()).toBe(true)
  return page
}

export async function signOut(page: Page): Promise<void> {
  await page
    .getByRole('button', { name: /ann@example\.com/i })
    .filter({ visible: true })
    .click()
  await page.getByRole('button', { name: 'Sign out' }).click()
}

export async function fillNewPassword(page: Page, label: string, value: string): Promise<void> {
  await page.getByLabel(label, { exact: true }).fill(value)
  await page.getByLabel(`Confirm ${label.toLowerCase()}`, { exact: true }).fill(value)
}

/**
 * Opens the newest mail of a subject in the mailbox, and the link in its HTML.
 * @returns the link's page, in a tab of its own
 */
export async function followMail(
  context: BrowserContext,
  page: Page,
  place: Place,
  subject: string,
  link: string,
): Promise<Page> {
  await visit(page, place, '/mailbox')
  await page.getByRole('link', { name: subject }).first().click()
  // By the keyboard: a frame in a process of its own may miss a click that comes right after its first picture.
  const [opened] = await Promise.all([
    context.waitForEvent('page'),
    page.frameLocator('iframe').getByRole('link', { name: link, exact: true }).press('Enter'),
  ])
  await opened.waitForLoadState()
  await visit(opened, place, new URL(opened.url()).pathname)
  return opened
}

/** A browser says of every 401 that there was one, as where someone comes to the sign-in page without a session. */
export function isUnexpected(complaint: string): boolean {
  return !complaint.includes('status of 401')
}
