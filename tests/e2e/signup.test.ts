import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fillSignIn, launchBrowser, open, openProfile } from '../support/browser/browser.ts'
import { lastMailTo } from '../support/data/mails.ts'
import type { Place, World } from '../support/world.ts'
import { createWorld } from '../support/world.ts'

const password = 'staplers are never returned'

let world: World
let browser: Browser
let site: Place
beforeAll(async () => {
  world = await createWorld({ SIGNUP: 'open', POOL_SIZE: '1' })
  site = { ...world.console, id: 'site', host: `localhost:${world.port}`, origin: `http://localhost:${world.port}` }
  browser = await launchBrowser()
})
afterAll(() => world.stop())

describe('signing up an organisation', () => {
  test("leads from a name to its portal, where the user is the first Admin, without errors in the browser's console", async () => {
    const { context, complaints } = await openProfile(browser)
    const page = await open(context, site, '/signup')
    await page.getByLabel('Organisation name').fill('Initech Inc.')
    await page.getByText('initech is available.').waitFor()
    expect(await page.getByLabel('Subdomain').inputValue()).toBe('initech')
    await page.getByLabel('Your email address').fill('peter@example.com')
    await page.getByRole('button', { name: 'Sign up' }).click()
    await page.getByRole('heading', { name: 'Check your email' }).waitFor()

    const mail = await lastMailTo(
      world,
      site,
      'peter@example.com',
      /^Confirm the sign-up of “Initech Inc\.” via localhost$/,
    )
    const confirmation = await open(context, site, new URL(mail.links[0]!).pathname)
    await confirmation.getByText(`initech.localhost:${world.port}`).waitFor()
    await confirmation.getByRole('button', { name: 'Confirm and create' }).click()
    await confirmation.getByRole('heading', { name: 'Initech Inc. is ready' }).waitFor()
    // The portal asks whether the user is signed in, and gets a 401.
    expect(complaints).toEqual([])
    await confirmation.getByRole('link', { name: 'Choose a password' }).click()
    await confirmation.waitForURL(/\/\/initech\.localhost:\d+\/auth\/password\/reset\//)
    await confirmation.waitForFunction(() =>
      Boolean((document.querySelector('#__nuxt') as unknown as { __vue_app__?: unknown } | null)?.__vue_app__),
    )
    await confirmation.locator('input[autocomplete="new-password"]').first().fill(password)
    await confirmation.locator('input[autocomplete="new-password"]').last().fill(password)
    await confirmation.locator('button[type="submit"]').click()
    await confirmation.waitForURL('**/login')
    await fillSignIn(confirmation, { email: 'peter@example.com', password })
    await confirmation.waitForURL(`http://initech.localhost:${world.port}/`)
    await confirmation.getByRole('navigation').first().getByText('Organisation').waitFor()
    await context.close()
  })

  test('offers another subdomain for one that is taken', async () => {
    const { context } = await openProfile(browser)
    const page = await open(context, site, '/signup')
    await page.getByLabel('Organisation name').fill('Acme Limited')
    await page.getByText('acme is not available.').waitFor()
    await page.getByRole('button', { name: 'Use acme-team' }).click()
    await page.getByText('acme-team is available.').waitFor()
    await page.getByLabel('Subdomain').fill('globex')
    await page.getByLabel('Your email address').fill('milton@example.com')
    await page.getByRole('button', { name: 'Sign up' }).click()
    await page.getByText('This subdomain is taken.').waitFor()
    await page.getByRole('button', { name: /^Use globex-/ }).click()
    await page.getByText(/^globex-.* is available\.$/).waitFor()
    expect(await page.getByText('This subdomain is taken.').count()).toBe(0)
    await context.close()
  })

  test('clears the error of a subdomain that the name then suggests, and moves the focus to what follows', async () => {
    const { context } = await openProfile(browser)
    const page = await open(context, { ...site, origin: `http://www.localhost:${world.port}` }, '/signup')
    await page.getByText(`.localhost:${world.port}`, { exact: true }).waitFor()
    await page.getByRole('button', { name: 'Sign up' }).click()
    await page.getByText('This field may not be blank.').nth(1).waitFor()
    await page.getByLabel('Organisation name').fill('Initrode')
    await page.getByText('initrode is available.').waitFor()
    expect(await page.getByLabel('Subdomain').getAttribute('aria-invalid')).toBe('false')
    await page.getByLabel('Your email address').fill('tom@example.com')
    await page.getByRole('button', { name: 'Sign up' }).click()
    const heading = page.getByRole('heading', { name: 'Check your email' })
    await heading.waitFor()
    await expect.poll(() => heading.evaluate(element => element === document.activeElement)).toBe(true)
    await context.close()
  })

  test('with an invalid link says so, and how to continue', async () => {
    const { context } = await openProfile(browser)
    const page = await open(context, site, `/signup/confirm/${'A'.repeat(43)}`)
    await page.getByRole('heading', { name: 'This link no longer works' }).waitFor()
    await page.getByRole('link', { name: 'Sign up again' }).click()
    await page.getByLabel('Organisation name').waitFor()
    await context.close()
  })
})

describe("finding one's organisation", () => {
  test('is by its address, or by a mail', async () => {
    const { context, complaints } = await openProfile(browser)
    const page = await open(context, site, '/find')
    await page.getByLabel('Organisation ID or address').fill(`${world.globex.origin}/login`)
    await page.getByRole('button', { name: 'Find', exact: true }).click()
    await page.getByRole('heading', { name: 'Globex Corporation' }).waitFor()
    expect(await page.getByRole('link', { name: 'Go to portal' }).getAttribute('href')).toBe(world.globex.origin)
    await page.getByLabel('Email', { exact: true }).fill('BEN@example.com')
    await page.getByRole('button', { name: 'Send list' }).click()
    await page.getByText('If there is an account for ben@example.com').waitFor()
    const mail = await lastMailTo(world, site, 'ben@example.com', /^Your organisations$/)
    expect(mail.links).toEqual(expect.arrayContaining([world.acme.origin, world.globex.origin]))
    expect(complaints).toEqual([])
    await context.close()
  })
})
