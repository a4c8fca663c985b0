import { eq } from 'drizzle-orm'
import type { Browser, BrowserContext } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  fillSignIn,
  launchBrowser,
  open,
  openProfile,
  signInAt,
  signInByForm,
  signOut,
  visit,
} from '../support/browser/browser.ts'
import type { Place, World } from '../support/world.ts'
import { createWorld, realmOf } from '../support/world.ts'

let world: World
let browser: Browser
beforeAll(async () => {
  world = await createWorld()
  browser = await launchBrowser()
})
afterAll(() => world.stop())

describe('signing in', () => {
  test("a visitor is asked to sign in and then gets the requested page, without errors in the browser's console", async () => {
    const { context, complaints } = await openProfile(browser)
    const page = await open(context, world.acme, '/people?search=ben')
    expect(new URL(page.url()).pathname).toBe('/login')
    await fillSignIn(page, world.acme.admin)
    await page.waitForURL(`${world.acme.origin}/people?search=ben`)
    await page.getByText('ben@example.com').first().waitFor()
    expect(complaints).toEqual([])
    await context.close()
  })

  test('a wrong password is said at the form, and one stays there', async () => {
    const { context } = await openProfile(browser)
    const page = await open(context, world.acme, '/login')
    await fillSignIn(page, { ...world.acme.admin, password: world.globex.admin.password })
    await page.getByRole('alert').first().waitFor()
    expect(new URL(page.url()).pathname).toBe('/login')
    await context.close()
  })

  describe('with a redirect', () => {
    let context: BrowserContext
    beforeAll(async () => {
      ;({ context } = await openProfile(browser))
    })
    afterAll(() => context.close())

    test.each(['//evil.test', 'https://evil.test', '/\\evil.test', 'javascript:alert(1)', '/%09/evil.test'])(
      'to %s leads home',
      async target => {
        const page = await open(context, world.acme, `/login?redirect=${encodeURIComponent(target)}`)
        await fillSignIn(page, world.acme.admin)
        await page.waitForURL(`${world.acme.origin}/`)
        await page.close()
        await context.clearCookies()
      },
    )
  })

  test('a missing page keeps its address, so that the user can correct it or try again', async () => {
    const { context } = await openProfile(browser)
    const page = await signInAt(context, world.acme, world.acme.staff)
    for (const [path, title] of [
      ['/people/nobody?from=mail', 'Page not found'],
      ['/audit', 'Access denied'],
    ] as const) {
      await visit(page, world.acme, path)
      await page.getByRole('heading', { name: title }).waitFor()
      expect(page.url()).toBe(`${world.acme.origin}${path}`)
    }
    await context.close()
  })

  test('no script sees a token: none in the page, its storage or its cookies, SSR-06', async () => {
    const { context } = await openProfile(browser)
    const page = await signInByForm(context, world.acme, world.acme.admin)
    const seen = await page.evaluate(() =>
      JSON.stringify([document.cookie, { ...localStorage }, { ...sessionStorage }, document.documentElement.outerHTML]),
    )
    for (const { value } of await context.cookies()) expect(seen).not.toContain(value)
    expect((await context.cookies()).every(cookie => cookie.httpOnly && cookie.sameSite === 'Lax')).toBe(true)
    await context.close()
  })
})

describe('staying signed in', () => {
  test('a reload is rendered on the server, with the data', async () => {
    const { context } = await openProfile(browser)
    const page = await signInAt(context, world.acme, world.acme.admin, '/people')
    const answer = await page.reload()
    expect(answer!.headers()['cache-control']).toBe('private, no-store')
    expect(await answer!.text()).toContain('ben@example.com')
    expect(new URL(page.url()).pathname).toBe('/people')
    await context.close()
  })

  test('an expired access token is refreshed once while the page is rendered, SSR-09', async () => {
    const { context } = await openProfile(browser)
    const page = await signInAt(context, world.acme, world.acme.staff, '/people')
    await expire(context)
    const answer = await page.reload()
    expect(answer!.status()).toBe(200)
    expect(await answer!.text()).toContain('ann@example.com')
    expect(await rotations(world.acme, world.acme.staff.id)).toBe(1)
    expect((await page.reload())!.status()).toBe(200)
    expect(await rotations(world.acme, world.acme.staff.id)).toBe(1)
    await context.close()
  })

  test('six tabs with an expired token refresh it once, and none is signed out', async () => {
    const { context } = await openProfile(browser)
    const first = await signInAt(context, world.globex, world.globex.staff, '/people')
    const tabs = [
      first,
      ...(await Promise.all(Array.from({ length: 5 }, () => open(context, world.globex, '/people')))),
    ]
    const before = await rotations(world.globex, world.globex.staff.id)
    await expire(context)
    await Promise.all(tabs.map(tab => tab.getByRole('searchbox').fill('ann')))
    await Promise.all(tabs.map(tab => tab.waitForURL('**/people?search=ann')))
    await Promise.all(tabs.map(tab => tab.getByText('1 person').waitFor()))
    expect(await rotations(world.globex, world.globex.staff.id)).toBe(before + 1)
    await context.close()
  })

  test('six tabs that are reloaded at once after the expiry all come back signed in', async () => {
    const { context } = await openProfile(browser)
    const first = await signInAt(context, world.globex, world.globex.admin, '/people')
    const tabs = [
      first,
      ...(await Promise.all(Array.from({ length: 5 }, () => open(context, world.globex, '/people')))),
    ]
    const before = await rotations(world.globex, world.globex.admin.id)
    await expire(context)
    const answers = await Promise.all(tabs.map(tab => tab.reload()))
    expect(answers.map(answer => answer!.status())).toEqual(Array(6).fill(200))
    expect(tabs.map(tab => new URL(tab.url()).pathname)).toEqual(Array(6).fill('/people'))
    // The renders refresh the same token in parallel: the server returns the same successor to all of them.
    expect(await rotations(world.globex, world.globex.admin.id)).toBe(before + 1)
    await context.close()
  })
})

describe('signing out', () => {
  test('in one tab shows in the others at once', async () => {
    const { context } = await openProfile(browser)
    const page = await signInAt(context, world.acme, world.acme.admin, '/people')
    const other = await open(context, world.acme, '/profile')
    await signOut(page)
    await page.waitForURL('**/login**')
    await other.waitForURL('**/login**')
    expect(await context.cookies()).toEqual([])
    await context.close()
  })

  test('leaves nothing private for the Back button or a reload, SSR-07', async () => {
    const { context } = await openProfile(browser)
    const page = await signInByForm(context, world.acme, world.acme.admin, '/people')
    await signOut(page)
    await page.waitForURL('**/login**')
    await page.goBack().catch(() => {})
    await page.waitForURL('**/login**')
    expect(await page.content()).not.toContain('ben@example.com')
    await page.reload()
    expect(new URL(page.url()).pathname).toBe('/login')
    expect(await page.content()).not.toContain('ben@example.com')
    await context.close()
  })

  test('and in again as another user shows no data of the first one, not even briefly, SSR-11', async () => {
    const { context } = await openProfile(browser)
    const page = await signInByForm(context, world.acme, world.acme.staff, '/profile')
    await page
      .getByRole('button', { name: /ben@example\.com/ })
      .filter({ visible: true })
      .click()
    await page.getByRole('button', { name: 'Sign out', exact: true }).click()
    await page.waitForURL('**/login**')
    // The sidebar names the signed-in user; a list of colleagues may contain the other one.
    await page.evaluate(() => {
      const look = () =>
        (document.documentElement.dataset.leak ||= document
          .querySelector('aside')
          ?.innerHTML.includes('ben@example.com')
          ? 'yes'
          : '')
      new MutationObserver(look).observe(document, { subtree: true, childList: true, characterData: true })
      look()
    })
    await fillSignIn(page, world.acme.admin)
    await page
      .getByRole('button', { name: /ann@example\.com/ })
      .filter({ visible: true })
      .waitFor()
    await page.getByRole('link', { name: 'Profile' }).first().click()
    await page.waitForURL('**/profile')
    expect(await page.evaluate(() => document.documentElement.dataset.leak)).toBe('')
    expect(
      await page.evaluate(() =>
        JSON.stringify([document.querySelector('main')!.innerHTML, { ...localStorage }, { ...sessionStorage }]),
      ),
    ).not.toContain('ben@example.com')
    await context.close()
  })
})

describe('two organisations in one browser', () => {
  test('are two sessions of two people, and ending one leaves the other, SSR-12', async () => {
    const { context } = await openProfile(browser)
    const acme = await signInByForm(context, world.acme, world.acme.admin, '/people')
    const globex = await signInByForm(context, world.globex, world.globex.admin, '/people')
    await acme.reload()
    expect(await acme.title()).toContain('Acme')
    expect(await globex.title()).toContain('Globex')
    await signOut(acme)
    await acme.waitForURL('**/login**')
    await visit(globex, world.globex, '/profile')
    expect(new URL(globex.url()).pathname).toBe('/profile')
    await context.close()
  })

  test('the cookies of one are not valid at the other', async () => {
    const { context } = await openProfile(browser)
    await signInAt(context, world.acme, world.acme.admin)
    const stolen = (await context.cookies()).map(({ name, value }) => ({ name, value, url: world.globex.origin }))
    await context.addCookies(stolen)
    const page = await open(context, world.globex, '/people')
    expect(new URL(page.url()).pathname).toBe('/login')
    await context.close()
  })
})

describe('the console', () => {
  test('lists the organisations to an operator', async () => {
    const { context, complaints } = await openProfile(browser)
    const page = await open(context, world.console, '/tenants')
    await fillSignIn(page, world.console.admin)
    await page.waitForURL('**/tenants')
    await page.getByText('Globex Corporation').first().waitFor()
    expect(complaints).toEqual([])
    await context.close()
  })
})

/**
 * Simulates an expired access token: its cookie expires at the same time. For a moment there are no cookies at all, in
 * which no page may call the API.
 */
async function expire(context: BrowserContext): Promise<void> {
  await Promise.all(context.pages().map(page => page.waitForLoadState('networkidle')))
  await context.clearCookies({ name: 'tenantry_access' })
}

/** The total number of refreshes of the user's live sessions. */
async function rotations(place: Place, userId: string): Promise<number> {
  const {
    db,
    tables: { sessions },
  } = realmOf(world.app, place).realm
  const rows = await db.select({ counter: sessions.counter }).from(sessions).where(eq(sessions.user_id, userId))
  return rows.reduce((sum, { counter }) => sum + counter, 0)
}
