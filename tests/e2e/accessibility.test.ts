import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { violationsOf } from '../support/browser/axe.ts'
import { fillSignIn, launchBrowser, open, openProfile, signInAt, visit } from '../support/browser/browser.ts'
import { readSources } from '../support/sources.ts'
import type { Place, World } from '../support/world.ts'
import { api, createWorld, signInAs } from '../support/world.ts'

let world: World
let browser: Browser
/** The id of one row of each list, by the list's path. */
let ids: Record<string, string>
beforeAll(async () => {
  world = await createWorld({ ACCESS_TTL: '3600' })
  browser = await launchBrowser()
  await fill()
})
afterAll(() => world.stop())

// Contrasts depend on the colour scheme alone, and the order and names of elements on the language alone.
const looks = [
  { locale: 'en-GB', colorScheme: 'light' },
  { locale: 'ar', colorScheme: 'dark' },
] as const
// Each page in one of the looks.
const portalPages = [...pagesOf('portal'), '/people?selected']
const consolePages = pagesOf('console')
const sitePages = ['/signup', '/find']
const publicPages = ['/forgot', '/register', '/resend']
const phone = { viewport: { width: 360, height: 740 }, hasTouch: true }

describe.each(looks)('in $locale and $colorScheme, WCAG 2.2 AA holds', look => {
  test('on the site, where one signs in, and where there is nothing', async () => {
    const { context } = await openProfile(browser, look)
    const site = { ...world.acme, origin: world.acme.origin.replace('acme.', '') }
    expect(await violationsOf(await open(context, site, '/'))).toEqual([])
    for (const path of ['/login', '/nothing/here']) {
      const page = await open(context, world.acme, path)
      expect(await violationsOf(page)).toEqual([])
      // The pointer stays over the pressed button while the page is checked.
      await page.getByRole('main').locator('button[type="submit"], a.control').first().hover()
      expect(await violationsOf(page)).toEqual([])
    }
    await context.close()
  })

  test('on the start page, and in what opens over it', async () => {
    const { context } = await openProfile(browser, look)
    const page = await signInAt(context, world.acme, world.acme.admin)
    expect(await violationsOf(page)).toEqual([])
    for (const key of ['Control+k', '?']) {
      await page.keyboard.press(key)
      await page.getByRole('dialog').waitFor()
      expect(await violationsOf(page)).toEqual([])
      await page.keyboard.press('Escape')
      await page.getByRole('dialog').waitFor({ state: 'detached' })
    }
    await context.close()
  })

  test('on a phone, with its menu', async () => {
    const { context } = await openProfile(browser, { ...look, ...phone })
    const page = await open(context, world.acme, '/')
    await fillSignIn(page, world.acme.admin)
    await page.getByRole('heading', { level: 1 }).waitFor()
    await page.locator('header button').first().click()
    await page.getByRole('dialog').locator('button[popovertarget]').click()
    expect(await violationsOf(page)).toEqual([])
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(phone.viewport.width)
    await context.close()
  })

  test('on a share of all other pages', async () => {
    const { context } = await openProfile(browser, look)
    const share = <Entry>(entries: readonly Entry[]) =>
      entries.filter((_, i) => i % looks.length === looks.indexOf(look))
    const site = { ...world.acme, origin: world.acme.origin.replace('acme.', '') }
    const found: Record<string, string[]> = {}
    for (const [place, paths] of [
      [site, sitePages],
      [world.acme, publicPages],
    ] as const) {
      for (const path of share(paths)) found[path] = await violationsOf(await open(context, place, path))
    }
    for (const [place, paths] of [
      [world.acme, portalPages],
      [world.console, consolePages],
    ] as const) {
      const page = await signInAt(context, place, place.admin)
      for (const path of share(paths)) found[place.host + path] = await violationsAt(page, place, addressOf(path))
    }
    expect(Object.keys(found).length).toBeGreaterThan(5)
    expect(found).toEqual(Object.fromEntries(Object.keys(found).map(path => [path, []])))
    await context.close()
  })
})

/** All pages with a sidebar, by the path of their file, such as `/people/[id]`. */
function pagesOf(surface: 'portal' | 'console'): string[] {
  return readSources(`pages/${surface}/**/*.vue`)
    .filter(({ code }) => code.includes("layout: 'dashboard'"))
    .map(({ file }) => file.replace(`pages/${surface}`, '').replace(/(?:\/index)?\.vue$/, '') || '/')
}

function addressOf(page: string): string {
  return page.replace(/(.+)\/\[id\]$/, (_, list: string) => {
    if (!ids[list]) throw new Error(`fill() has nothing for ${page}`)
    return `${list}/${ids[list]}`
  })
}

/** Checks a page when it is fully loaded; `?selected` also selects all rows, which shows the selection bar. */
async function violationsAt(page: Page, place: Place, path: string): Promise<string[]> {
  await visit(page, place, path)
  await page.getByRole('heading', { level: 1 }).waitFor()
  await expect.poll(() => page.locator('main .animate-pulse').count()).toBe(0)
  if (path.endsWith('?selected')) await page.getByRole('main').getByRole('checkbox').first().check()
  return violationsOf(page)
}

/** Fills the lists of a world. */
async function fill(): Promise<void> {
  const { access: token } = await signInAs(world.acme, world.acme.admin)
  const department: string = (await world.acme.call(`${api}/departments/`, { token, body: { name: 'Sales' } })).json.id
  ids = { '/people': world.acme.staff.id, '/departments': department, '/tenants': world.acme.id }
  for (const email of ['lea@example.com', 'tom@example.com'])
    await world.acme.call(`${api}/invitations/`, { token, body: { email, role: 'Staff', department } })
  const { access } = await signInAs(world.console, world.console.admin)
  const globex = `${api}/tenants/${world.globex.id}`
  await world.console.call(`${globex}/suspension/`, {
    method: 'PUT',
    token: access,
    body: { reason: 'Unpaid since May' },
  })
  await world.console.call(`${api}/tenants/${world.acme.id}/support-accesses/`, {
    token: access,
    body: { user: world.acme.staff.id, reason: 'Ticket 4711' },
  })
  await world.console.call(`${api}/tenants/${world.acme.id}/domains/`, {
    token: access,
    body: { host: 'staff.example.org' },
  })
}
