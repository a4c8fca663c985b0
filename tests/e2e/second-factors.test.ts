import { eq } from 'drizzle-orm'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isTenantRealm } from '#server/database/realms.ts'
import { violationsOf } from '../support/browser/axe.ts'
import { fillSignIn, launchBrowser, open, openProfile, ready, signInAt, visit } from '../support/browser/browser.ts'
import type { Protected } from '../support/data/factors.ts'
import { addTotp } from '../support/data/factors.ts'
import { codeOf, stepHasJustBegun } from '../support/data/totp.ts'
import type { Person } from '../support/database/templates.ts'
import type { Place, World } from '../support/world.ts'
import { addPerson, api, createWorld, realmOf, signInAs } from '../support/world.ts'

let world: World
let browser: Browser
beforeAll(async () => {
  world = await createWorld()
  browser = await launchBrowser()
})
afterAll(() => world.stop())

/** Somebody with an authenticator app. */
async function newProtected(name: string): Promise<Protected> {
  return addTotp(world.acme, await addPerson(world, world.acme, `${name}@example.com`))
}

describe('an authenticator app', () => {
  test('is added in the profile, and its code is then the second step', async () => {
    const { context, complaints } = await openProfile(browser)
    const person = await addPerson(world, world.acme, 'hana@example.com')
    const page = await signInAt(context, world.acme, person, '/profile')
    await page.getByRole('button', { name: 'Add authenticator app' }).click()
    const secret = (await page.getByRole('dialog').locator('code').innerText()).replaceAll(' ', '')
    expect(await isDrawn(page)).toBe(true)
    await stepHasJustBegun()
    await enterCode(page, codeOf(secret, -1))
    await keepCodes(page)
    await page.getByRole('button', { name: 'Rename Authenticator app' }).waitFor()
    expect(complaints).toEqual([])

    await context.clearCookies()
    await visit(page, world.acme, '/login?redirect=/people')
    await fillSignIn(page, person)
    await enterCode(page, '000000')
    await page.getByRole('alert').getByText('This code is not correct').waitFor()
    expect(await page.getByLabel('6-digit code').inputValue()).toBe('')
    // As many press after the last digit, although it is sent by itself.
    await page.keyboard.press('Enter')
    await page.getByRole('alert').getByText('This code is not correct').waitFor()
    // As it is pasted, and by itself.
    await enterCode(page, codeOf(secret).replace(/^.../, '$& '))
    await page.waitForURL(`${world.acme.origin}/people`)
    await context.close()
  })

  test('takes digits of an Arabic keyboard', async () => {
    const person = await newProtected('imad')
    const { context } = await openProfile(browser, { locale: 'ar' })
    const page = await open(context, world.acme, '/login')
    await fillSignIn(page, person)
    const code = codeOf(person.secret).replaceAll(/\d/g, digit => String.fromCharCode(0x660 + Number(digit)))
    await page.locator('[name=code]').fill(code)
    await page.waitForURL(`${world.acme.origin}/`)
    await context.close()
  })

  test('is not asked for on a device that is remembered, until that is forgotten in the profile', async () => {
    const person = await newProtected('juan')
    const { context } = await openProfile(browser)
    const page = await open(context, world.acme, '/login')
    await fillSignIn(page, person)
    await page.getByLabel('Do not ask again on this device').check()
    await enterCode(page, codeOf(person.secret))
    await page.waitForURL(`${world.acme.origin}/`)

    await signInAgain(context, page, person, '/profile')
    await page.waitForURL(`${world.acme.origin}/profile`)
    await page.getByRole('button', { name: 'Forget device: Chrome on Linux' }).click()
    await page.getByText('No device is remembered').waitFor()
    await signInAgain(context, page, person, '/profile')
    await page.getByRole('heading', { name: 'Two-step verification' }).waitFor()
    await context.close()
  })

  test('is replaced by a recovery code, once', async () => {
    const person = await newProtected('kira')
    const { context } = await openProfile(browser)
    const page = await open(context, world.acme, '/login')
    for (const isUsed of [false, true]) {
      await fillSignIn(page, person)
      await page.getByText('Use a recovery code').click()
      await page.getByLabel('Recovery code').fill(person.recovery_codes[0]!)
      await page.keyboard.press('Enter')
      if (isUsed) await page.getByRole('alert').getByText('This recovery code is not correct').waitFor()
      else await page.waitForURL(`${world.acme.origin}/`)
      await context.clearCookies()
      await visit(page, world.acme, '/login')
    }
    await context.close()
  })

  test('is asked for when the session has ended, and what was typed is still there', async () => {
    const person = await addPerson(world, world.acme, 'jana@example.com')
    const { context } = await openProfile(browser)
    const page = await signInAt(context, world.acme, person, '/profile')
    await page.waitForLoadState('networkidle')
    const { secret, token } = await addTotp(world.acme, person)
    await page.locator('[name="first_name"]').fill('Typed before')
    expect((await world.acme.call(`${api}/sessions/`, { method: 'DELETE', token })).status).toBe(204)
    const save = page.locator('main form button[type="submit"]').first()
    await save.click()
    await page.locator('dialog input[type="password"]').fill(person.password)
    await page.keyboard.press('Enter')
    await enterCode(page, codeOf(secret))
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    expect(await page.locator('[name="first_name"]').inputValue()).toBe('Typed before')
    const saved = page.waitForResponse(response => response.request().method() === 'PATCH')
    await save.click()
    expect((await saved).status()).toBe(200)
    await context.close()
  })

  test('is asked for again from the beginning when the challenge has expired', async () => {
    const person = await newProtected('lars')
    const { context } = await openProfile(browser)
    const page = await open(context, world.acme, '/login')
    await fillSignIn(page, person)
    await page.getByLabel('6-digit code').waitFor()
    const { db, tables } = realmOf(world.app, world.acme).realm
    await db.delete(tables.challenges).where(eq(tables.challenges.user_id, person.id))
    await enterCode(page, codeOf(person.secret))
    await page.getByRole('alert').getByText('That took too long').waitFor()
    expect(await page.evaluate(() => document.activeElement?.getAttribute('type'))).toBe('email')
    await fillSignIn(page, person)
    await page.getByLabel('6-digit code').waitFor()
    await context.close()
  })
})

describe('without scripts', () => {
  test('the second step works with a code and with a recovery code, and says what was wrong', async () => {
    const person = await newProtected('mona')
    const { context, complaints } = await openProfile(browser, { javaScriptEnabled: false })
    const page = await context.newPage()
    const begin = async () => {
      await page.goto(`${world.acme.origin}/people`)
      await page.getByLabel('Email').fill(person.email)
      await page.getByLabel('Password', { exact: true }).fill(person.password)
      await page.keyboard.press('Enter')
      await page.getByRole('heading', { name: 'Two-step verification' }).waitFor()
    }
    await begin()
    await page.getByLabel('6-digit code').fill('000 000')
    await page.keyboard.press('Enter')
    await page.getByText('This code is not correct').waitFor()
    await page.getByLabel('Do not ask again on this device').check()
    await page.getByLabel('6-digit code').fill(codeOf(person.secret))
    await page.keyboard.press('Enter')
    await page.waitForURL(`${world.acme.origin}/people`)

    // Remembered.
    await context.clearCookies({ name: /access|refresh/ })
    await page.goto(`${world.acme.origin}/people`)
    await page.getByLabel('Email').fill(person.email)
    await page.getByLabel('Password', { exact: true }).fill(person.password)
    await page.keyboard.press('Enter')
    await page.waitForURL(`${world.acme.origin}/people`)

    await context.clearCookies()
    await begin()
    await page.getByText('Use a recovery code').click()
    await page.getByLabel('Recovery code').fill(person.recovery_codes[0]!)
    await page.keyboard.press('Enter')
    await page.waitForURL(`${world.acme.origin}/people`)
    expect(complaints).toEqual([])
    await context.close()
  })
})

describe('what needs the user to confirm that it is them', () => {
  test('opens a dialog, and is then done by itself', async () => {
    const { context } = await openProfile(browser)
    const person = await addPerson(world, world.acme, 'nils@example.com')
    const page = await signInAt(context, world.acme, person, '/profile')
    await ageSessions(world.acme, person)
    await page.getByRole('button', { name: 'Add authenticator app' }).click()
    const dialog = page.getByRole('dialog', { name: 'Confirm that it is you' })
    await dialog.getByLabel('Your password').fill('not the password')
    await page.keyboard.press('Enter')
    await dialog.getByText('Invalid password.').waitFor()
    await dialog.getByLabel('Your password').fill(person.password)
    await page.keyboard.press('Enter')
    await page.getByRole('dialog', { name: 'Add an authenticator app' }).waitFor()
    await context.close()
  })

  test('is not done when the user cancels', async () => {
    const { context } = await openProfile(browser)
    const person = await addPerson(world, world.acme, 'olga@example.com')
    const page = await signInAt(context, world.acme, person, '/profile')
    await ageSessions(world.acme, person)
    await page.getByRole('button', { name: 'Add authenticator app' }).click()
    await page.getByRole('dialog', { name: 'Confirm that it is you' }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByText('Please confirm that it is you.').waitFor()
    expect(await page.getByRole('dialog').count()).toBe(0)
    await context.close()
  })

  test('is confirmed with a code before a file is downloaded', async () => {
    const { context } = await openProfile(browser)
    const person = await addTotp(world.acme, await addPerson(world, world.acme, 'pia@example.com', { role: 'Admin' }))
    const page = await open(context, world.acme, '/people')
    await fillSignIn(page, person)
    await enterCode(page, codeOf(person.secret))
    await page.waitForURL(`${world.acme.origin}/people`)
    await ageSessions(world.acme, person)
    await page.getByRole('button', { name: 'Export CSV' }).click()
    await page.getByRole('button', { name: 'Use your authenticator app' }).click()
    const [download] = await Promise.all([page.waitForEvent('download'), enterCode(page, codeOf(person.secret, 1))])
    expect(download.suggestedFilename()).toBe('people.csv')
    await context.close()
  })
})

describe('a rule of the organisation', () => {
  test('shows whom it concerns, and leads them to add one before they go on', async () => {
    const { globex } = world
    const { context } = await openProfile(browser)
    const page = await signInAt(context, globex, globex.admin, '/settings/organization')
    await page.getByLabel('Required for admins').check()
    await page.getByText('One person must add a second factor').waitFor()
    await page.getByLabel('Required for everyone').check()
    await page.getByText('2 people must add a second factor').waitFor()
    expect(await page.getByRole('link', { name: 'Show them' }).getAttribute('href')).toBe(
      '/people?is_active=true&second_factor=none',
    )
    await page.getByLabel('Days to add one').fill('0')
    await page.getByRole('button', { name: 'Save changes' }).click()
    await page.getByText('Changes saved').waitFor()
    // The Admin, too.
    await page.getByRole('link', { name: 'People' }).first().click()
    await page.getByRole('heading', { name: 'Set up two-step verification' }).waitFor()
    await context.close()

    const other = await openProfile(browser)
    const theirs = await open(other.context, globex, '/people?search=ann')
    await fillSignIn(theirs, globex.staff)
    await theirs.waitForURL('**/enrol?redirect=**')
    await theirs.getByRole('button', { name: 'Add authenticator app' }).click()
    const secret = (await theirs.locator('code').innerText()).replaceAll(' ', '')
    await stepHasJustBegun()
    await enterCode(theirs, codeOf(secret, -1))
    await theirs.getByLabel('I have saved these codes').check()
    await theirs.getByRole('button', { name: 'Continue' }).click()
    await theirs.waitForURL(`${globex.origin}/people?search=ann`)
    await theirs.getByText('ann@example.com').first().waitFor()
    expect(other.complaints.filter(complaint => !/status of 40[13]/.test(complaint))).toEqual([])
    await other.context.close()
  })

  test('the directory lists those without one', async () => {
    const { context } = await openProfile(browser)
    const [protectedOne, without] = [
      await newProtected('quentin'),
      await addPerson(world, world.acme, 'rosa@example.com'),
    ]
    const page = await signInAt(context, world.acme, world.acme.admin, '/people')
    await page.getByLabel('Status').selectOption({ label: 'No second factor' })
    await page.waitForURL('**/people?is_active=true&second_factor=none')
    await page.getByText(without.email).first().waitFor()
    await expect.poll(() => page.getByText(protectedOne.email).count()).toBe(0)
    await context.close()
  })
})

describe('an Admin', () => {
  test('sees the second factors of somebody, and resets them', async () => {
    const person = await newProtected('sven')
    const { context } = await openProfile(browser)
    const page = await signInAt(context, world.acme, world.acme.admin, `/people/${person.id}`)
    await page.getByText('10 recovery codes left').waitFor()
    await page.getByRole('button', { name: 'Reset second factors' }).click()
    await page.getByRole('dialog').getByText('signed out on all devices').waitFor()
    await page.getByRole('button', { name: 'Reset', exact: true }).click()
    await page.getByText('has no second factor').waitFor()
    await context.close()
    expect((await signInAs(world.acme, person)).access).toBeTruthy()
    expect((await world.acme.call(`${api}/users/`, { token: person.token })).status).toBe(401)
  })

  test('of the platform resets those of an operator', async () => {
    const person = await addTotp(
      world.console,
      await addPerson(world, world.console, 'tess@example.com', { role: 'Staff' }),
    )
    const { context } = await openProfile(browser)
    const page = await signInAt(context, world.console, world.console.admin, '/operators')
    await page.getByRole('button', { name: `Second factors ${person.email}` }).click()
    await page.getByRole('button', { name: 'Reset second factors' }).click()
    await page.getByRole('button', { name: 'Reset', exact: true }).click()
    await page.getByText('has no second factor').waitFor()
    await context.close()
    expect((await signInAs(world.console, person)).access).toBeTruthy()
  })
})

describe.each([
  { locale: 'en-GB', colorScheme: 'light' },
  { locale: 'ar', colorScheme: 'dark' },
] as const)('in $locale and $colorScheme, WCAG 2.2 AA holds', look => {
  test('in the second step, while adding an app, and when confirming', async () => {
    const person = await newProtected(`una-${look.colorScheme}`)
    const { context } = await openProfile(browser, { ...look, viewport: { width: 390, height: 844 } })
    const page = await open(context, world.acme, '/login')
    await fillSignIn(page, person)
    await page.locator('[name=code]').waitFor()
    await page.locator('summary').click()
    await expectFine(page)
    await page.locator('[name=code]').fill(codeOf(person.secret))
    await page.waitForURL(`${world.acme.origin}/`)
    await visit(page, world.acme, '/profile')
    await page.locator('#security').getByRole('listitem').waitFor()
    await expectFine(page)
    const add = page.locator('#security button:has(.icon-smartphone)')
    await add.click()
    await page.getByRole('dialog').locator('code').waitFor()
    await expectFine(page)
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await ageSessions(world.acme, person)
    await add.click()
    await page.getByRole('dialog').locator('[name=current_password]').waitFor()
    await expectFine(page)
    await context.close()
  })

  test('where one is led to add one', async () => {
    await requireOfEveryone(world.globex)
    const { context } = await openProfile(browser, { ...look, viewport: { width: 390, height: 844 } })
    const page = await open(context, world.globex, '/people')
    await fillSignIn(page, await addPerson(world, world.globex, `vera-${look.colorScheme}@example.com`))
    await page.waitForURL('**/enrol?redirect=**')
    await expectFine(page)
    await page.locator('main li:has(.icon-smartphone) button').click()
    const secret = (await page.locator('code').innerText()).replaceAll(' ', '')
    await expectFine(page)
    await stepHasJustBegun()
    await enterCode(page, codeOf(secret, -1))
    await page.locator('[data-print]').waitFor()
    await expectFine(page)
    await context.close()
  })
})

async function requireOfEveryone(place: Place): Promise<void> {
  const { realm } = realmOf(world.app, place)
  if (!isTenantRealm(realm)) throw new Error('The console has no such rule.')
  const rule = { second_factor: 'everyone', second_factor_grace: 0, second_factor_since: new Date(0) } as const
  await realm.db.update(realm.tables.settings).set(rule)
}

async function expectFine(page: Page): Promise<void> {
  expect(await violationsOf(page)).toEqual([])
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390)
}

/** Whether the browser has decoded the QR code, which its policy could refuse. */
function isDrawn(page: Page): Promise<boolean> {
  return page.getByAltText('QR code').evaluate(image => (image as HTMLImageElement).naturalWidth > 0)
}

async function enterCode(page: Page, code: string): Promise<void> {
  await page.locator('[name=code]').fill(code)
}

async function keepCodes(page: Page): Promise<void> {
  await page.getByLabel('I have saved these codes').check()
  await page.getByRole('button', { name: 'Done' }).click()
}

/** Ends the session in the browser, which keeps its other cookies, and signs in with the password. */
async function signInAgain(context: BrowserContext, page: Page, person: Person, path: string): Promise<void> {
  await context.clearCookies({ name: /access|refresh/ })
  await visit(page, world.acme, path)
  await ready(page)
  await fillSignIn(page, person)
}

/** Simulates that somebody has signed in some time ago. */
async function ageSessions(place: Place, person: Person): Promise<void> {
  const { db, tables } = realmOf(world.app, place).realm
  await db
    .update(tables.sessions)
    .set({ authenticated_at: new Date(Date.now() - 3_600_000) })
    .where(eq(tables.sessions.user_id, person.id))
}
