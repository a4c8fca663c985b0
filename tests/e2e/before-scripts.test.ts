import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { launchBrowser, openProfile, ready } from '../support/browser/browser.ts'
import { mailsTo } from '../support/data/mails.ts'
import type { World } from '../support/world.ts'
import { auth, createWorld } from '../support/world.ts'

let world: World
let browser: Browser
beforeAll(async () => {
  world = await createWorld()
  browser = await launchBrowser()
})
afterAll(() => world.stop())

describe('without scripts', () => {
  test('one can sign in, is told what was wrong, and can request a new password', async () => {
    const { context, complaints } = await openProfile(browser, { javaScriptEnabled: false })
    const page = await context.newPage()
    const { email, password } = world.acme.staff
    await page.goto(`${world.acme.origin}/people`)
    await page.getByLabel('Email').fill(email)
    await page.getByLabel('Password', { exact: true }).fill('not the password')
    await page.keyboard.press('Enter')
    await page.getByText('The email address or password is incorrect').waitFor()
    expect(await page.getByLabel('Email').inputValue()).toBe(email)
    await page.getByLabel('Password', { exact: true }).fill(password)
    await page.keyboard.press('Enter')
    await page.waitForURL(`${world.acme.origin}/people`)
    await page.getByRole('heading', { name: 'People' }).waitFor()

    await context.clearCookies()
    await page.goto(`${world.acme.origin}/forgot`)
    await page.getByLabel('Email').fill(email)
    await page.keyboard.press('Enter')
    await page.getByText('Check your email').waitFor()
    expect(await mailsTo(world, world.acme, email)).toHaveLength(1)
    expect(complaints).toEqual([])
    await context.close()
  })
})

describe('before the scripts have arrived', () => {
  /** A page whose scripts wait until `release` is called. */
  async function slowPage(path: string) {
    const { context, complaints } = await openProfile(browser)
    const page = await context.newPage()
    const { promise, resolve: release } = Promise.withResolvers<undefined>()
    await page.route('**/_nuxt/**/*.js', async route => {
      await promise
      await route.continue()
    })
    await page.goto(`${world.acme.origin}${path}`, { waitUntil: 'commit' })
    return { page, context, complaints, release: () => release(undefined) }
  }

  test('what is typed is kept', async () => {
    const { page, context, complaints, release } = await slowPage('/login')
    await page.getByLabel('Email').fill('ben@example.com')
    await page.getByLabel('Password', { exact: true }).fill('seven copper')
    release()
    await ready(page)
    await expect.poll(() => page.getByLabel('Email').inputValue()).toBe('ben@example.com')
    expect(await page.getByLabel('Password', { exact: true }).inputValue()).toBe('seven copper')
    expect(complaints).toEqual([])
    await context.close()
  })

  test('Enter signs in', async () => {
    const { page, context, release } = await slowPage('/login')
    await page.getByLabel('Email').fill(world.acme.staff.email)
    await page.getByLabel('Password', { exact: true }).fill(world.acme.staff.password)
    await page.keyboard.press('Enter')
    await page.waitForURL(`${world.acme.origin}/`, { waitUntil: 'commit' })
    release()
    await context.close()
  })

  test('a form that needs scripts is sent when they are there', async () => {
    await world.globex.call(`${auth}/users/reset_password/`, { body: { email: world.acme.staff.email } })
    await world.acme.call(`${auth}/users/reset_password/`, { body: { email: world.acme.staff.email } })
    const link = (await mailsTo(world, world.acme, world.acme.staff.email)).at(-1)!.links[0]!
    const { page, context, release } = await slowPage(new URL(link).pathname)
    const [first, second] = [page.locator('[name=new_password]'), page.locator('[name=re_new_password]')]
    for (const field of [first, second]) await field.fill('a row of words that nobody guesses')
    await page.keyboard.press('Enter')
    release()
    await page.waitForURL(`${world.acme.origin}/login`)
    await context.close()
  })
})
