import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { violationsOf } from '../support/axe.ts'
import { fillSignIn, launchBrowser, open, openProfile, signInAt } from '../support/browser.ts'
import type { World } from '../support/world.ts'
import { createWorld } from '../support/world.ts'

let world: World
let browser: Browser
beforeAll(async () => {
  world = await createWorld({ ACCESS_TTL: '3600' })
  browser = await launchBrowser()
})
afterAll(async () => {
  await browser.close()
  await world.stop()
})

const looks = (['en-GB', 'ar'] as const).flatMap(locale => (['light', 'dark'] as const).map(colorScheme => ({ locale, colorScheme, reducedMotion: 'reduce' as const })))
const phone = { viewport: { width: 360, height: 740 }, hasTouch: true }

describe.each(looks)('in $locale and $colorScheme, WCAG 2.2 AA holds', (look) => {
  test('on the site, where one signs in, and where there is nothing', async () => {
    const { context } = await openProfile(browser, look)
    const site = { ...world.acme, origin: world.acme.origin.replace('acme.', '') }
    expect(await violationsOf(await open(context, site, '/'))).toEqual([])
    for (const path of ['/login', '/nothing/here']) expect(await violationsOf(await open(context, world.acme, path))).toEqual([])
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
})
