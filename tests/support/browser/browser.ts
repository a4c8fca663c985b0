import { existsSync } from 'node:fs'
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core'
import { chromium } from 'playwright-core'
import { expect } from 'vitest'
import type { Person } from '../database/templates.ts'
import type { Place } from '../world.ts'
import { signInWithCookies } from '../world.ts'

const programs = ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium']

let browser: Promise<Browser> | undefined

/**
 * Starts Debian's Chromium, once for all tests of this process, with which it ends. The flags disable its background
 * requests.
 */
export function launchBrowser(): Promise<Browser> {
  return (browser ??= chromium.launch({
    executablePath: process.env.CHROMIUM ?? programs.find(existsSync),
    args: [
      '--no-sandbox',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  }))
}

/**
 * Opens a new browser profile, for example with `{ locale: 'ar' }`, which records the console errors of its pages and
 * what their Content-Security-Policy blocks.
 */
export async function openProfile(
  browser: Browser,
  options: BrowserContextOptions = {},
): Promise<{ context: BrowserContext; complaints: string[] }> {
  // Nothing waits for animations.
  const context = await browser.newContext({ reducedMotion: 'reduce', ...options })
  context.setDefaultTimeout(60_000)
  const complaints: string[] = []
  context.on('console', message => message.type() === 'error' && complaints.push(message.text()))
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI, sample }) =>
      console.error('Blocked by the Content-Security-Policy:', effectiveDirective, blockedURI, sample),
    )
  })
  context.on('weberror', error => complaints.push(String(error.error())))
  return { context, complaints }
}

/** Opens a page and waits for the hydration, which would overwrite earlier input. */
export async function open(context: BrowserContext, place: Place, path: string): Promise<Page> {
  const page = await context.newPage()
  await visit(page, place, path)
  return page
}

export async function visit(page: Page, place: Place, path: string): Promise<void> {
  await page.goto(`${place.origin}${path}`)
  await ready(page)
}

/** Waits for the hydration, which would overwrite earlier input. */
export async function ready(page: Page): Promise<void> {
  await page.waitForFunction(() =>
    Boolean((document.querySelector('#__nuxt') as unknown as { __vue_app__?: unknown } | null)?.__vue_app__),
  )
}

/** Signs in with the form of the open sign-in page, in any language. */
export async function fillSignIn(page: Page, person: Pick<Person, 'email' | 'password'>): Promise<void> {
  await ready(page)
  await page.locator('input[type="email"]').fill(person.email)
  await page.locator('input[type="password"]').fill(person.password)
  await page.locator('button[type="submit"]').click()
}

/** Opens a page with a new session, whose cookies the browser gets. */
export async function signInAt(context: BrowserContext, place: Place, person: Person, path = '/'): Promise<Page> {
  const cookies = await signInWithCookies(place, person)
  await context.addCookies(
    Object.entries(cookies).map(([name, value]) => ({
      name,
      value,
      url: place.origin,
      httpOnly: true,
      sameSite: 'Lax',
    })),
  )
  const page = await open(context, place, path)
  expect(page.url()).toBe(`${place.origin}${path}`)
  expect(await page.getByRole('navigation').first().isVisible()).toBe(true)
  return page
}

/** Signs in with the form, and waits for the requested page. */
export async function signInByForm(context: BrowserContext, place: Place, person: Person, path = '/'): Promise<Page> {
  const page = await open(context, place, path)
  await fillSignIn(page, person)
  await page.waitForURL(`${place.origin}${path}`)
  await page.getByRole('navigation').first().waitFor()
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
 * Opens the newest mail with a subject in the mailbox, and follows the link in its HTML.
 * @returns the link's page, in a new tab
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
  // With the keyboard: a frame in its own process may miss a click right after its first paint.
  const [opened] = await Promise.all([
    context.waitForEvent('page'),
    page.frameLocator('iframe').getByRole('link', { name: link, exact: true }).press('Enter'),
  ])
  await opened.waitForLoadState()
  await visit(opened, place, new URL(opened.url()).pathname)
  return opened
}

/** Chromium logs every 401, for example when a visitor opens the sign-in page without a session. */
export function isUnexpected(complaint: string): boolean {
  return !complaint.includes('status of 401')
}
