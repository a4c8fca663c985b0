import { eq } from 'drizzle-orm'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { addAuthenticator } from '../support/browser/authenticator.ts'
import { fillSignIn, isUnexpected, launchBrowser, openProfile, signInAt, visit } from '../support/browser/browser.ts'
import { addPasskey } from '../support/data/factors.ts'
import { addOperator } from '../support/data/operators.ts'
import type { Person } from '../support/database/templates.ts'
import type { Place, World } from '../support/world.ts'
import { addPerson, createWorld, realmOf, signInAs } from '../support/world.ts'

let world: World
let browser: Browser
beforeAll(async () => {
  world = await createWorld()
  browser = await launchBrowser()
})
afterAll(() => world.stop())

describe('a passkey', () => {
  test('is offered in the fields of the sign-in form, and signs in when it is chosen there', async () => {
    const { page, context } = await openWithPasskey(world.acme, await newPerson('abel'), { hasAutofill: true })
    await context.clearCookies()
    // The virtual authenticator chooses it by itself.
    await page.goto(`${world.acme.origin}/login?redirect=/people`)
    await page.waitForURL(`${world.acme.origin}/people`)
    await context.close()
  })

  test('is added in the profile, with recovery codes to keep, and then signs in by itself', async () => {
    const { page, context, complaints, authenticator } = await openWithPasskey(world.acme, world.acme.staff)
    expect(await authenticator.count()).toBe(1)
    await context.clearCookies()
    await visit(page, world.acme, '/login?redirect=/people')
    await signInWithPasskey(page)
    await page.waitForURL(`${world.acme.origin}/people`)
    expect(complaints.filter(isUnexpected)).toEqual([])
    await context.close()
  })

  test('is also the second step after the password', async () => {
    const { page, context } = await openWithPasskey(world.acme, await newPerson('cleo'))
    await context.clearCookies()
    await visit(page, world.acme, '/login?redirect=/people')
    await fillSignIn(page, await newPerson('cleo'))
    await page.getByRole('heading', { name: 'Two-step verification' }).waitFor()
    await page.getByRole('button', { name: 'Use a passkey' }).click()
    await page.waitForURL(`${world.acme.origin}/people`)
    await context.close()
  })

  test('signs nobody in by itself without a fingerprint or a PIN', async () => {
    const { page, context, authenticator } = await openWithPasskey(world.acme, await newPerson('dora'))
    await context.clearCookies()
    await authenticator.verify(false)
    await visit(page, world.acme, '/login')
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
    await page.getByRole('alert').getByText('The passkey was not used').waitFor()
    expect((await context.cookies()).filter(({ name }) => name.includes('access'))).toEqual([])
    await context.close()
  })

  test('that was removed signs nobody in any more, and the form says so', async () => {
    const person = await newPerson('eric')
    const { page, context } = await openWithPasskey(world.acme, person)
    const { db, tables } = realmOf(world.app, world.acme).realm
    await db.delete(tables.factors).where(eq(tables.factors.user_id, person.id))
    await context.clearCookies()
    await visit(page, world.acme, '/login')
    await signInWithPasskey(page)
    await page.getByRole('alert').getByText('This passkey cannot be used to sign in.').waitFor()
    expect(new URL(page.url()).pathname).toBe('/login')
    await context.close()
  })

  test('is renamed and removed in the profile, and is not added twice on one device', async () => {
    const { page, context } = await openWithPasskey(world.acme, await newPerson('faye'))
    await page.getByRole('button', { name: 'Add passkey' }).click()
    await page.getByRole('alert').getByText('This device already has a passkey').waitFor()

    await page.getByRole('button', { name: /^Rename / }).click()
    await page.getByLabel('Name', { exact: true }).fill('Laptop <b>at work</b>')
    await page.keyboard.press('Enter')
    await page.getByText('The name was saved').waitFor()
    await page.getByRole('button', { name: 'Remove Laptop <b>at work</b>' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('It is your only second factor').waitFor()
    await dialog.getByRole('button', { name: 'Remove', exact: true }).click()
    await page.getByText('You have no second factor yet').waitFor()
    await context.close()
  })

  test('of an operator signs in to the console', async () => {
    const { page, context } = await openWithPasskey(world.console, world.console.admin)
    await context.clearCookies()
    await visit(page, world.console, '/login?redirect=/tenants')
    await signInWithPasskey(page)
    await page.waitForURL(`${world.console.origin}/tenants`)
    await context.close()
  })
})

test('an operator who edits an organisation is told that its passkeys depend on the subdomain', async () => {
  const operator = await addOperator(world, 'ona@example.com', 'Admin')
  const { access } = await signInAs(world.globex, world.globex.staff)
  await addPasskey(world.globex, world.globex.staff, access)
  const { context } = await openProfile(browser)
  const page = await signInAt(context, world.console, operator, `/tenants/${world.globex.id}`)
  const warning = page.getByText(/^1 passkey is bound to the present address\./)
  await page.getByRole('button', { name: 'Actions' }).click()
  await page.getByRole('button', { name: 'Edit', exact: true }).click()
  const subdomain = page.getByLabel('Subdomain')
  await subdomain.fill('globex-two')
  await warning.waitFor()
  await subdomain.fill('globex')
  await warning.waitFor({ state: 'detached' })
  await context.close()
})

describe('the start page', () => {
  test('suggests a passkey to those who have none, until they dismiss it for good', async () => {
    const { context } = await openProfile(browser)
    const person = await newPerson('gina')
    const page = await signInAt(context, world.acme, person, '/profile')
    await addAuthenticator(context, page)
    await visit(page, world.acme, '/')
    const nudge = page.getByRole('complementary', { name: 'Sign in without a password' })
    await nudge.getByRole('button', { name: 'Do not show again' }).click()
    await nudge.waitFor({ state: 'detached' })
    const asked: string[] = []
    page.on('request', request => asked.push(new URL(request.url()).pathname))
    await page.reload({ waitUntil: 'networkidle' })
    expect(await nudge.count()).toBe(0)
    expect(asked).not.toContain('/api/v1/auth/factors/')
    await context.close()
  })
})

const people = new Map<string, Promise<Person>>()

function newPerson(name: string): Promise<Person> {
  const person = people.get(name) ?? addPerson(world, world.acme, `${name}@example.com`)
  people.set(name, person)
  return person
}

/**
 * Adds a passkey in the profile.
 * @param options `hasAutofill`: whether the browser can offer it in a form
 */
async function openWithPasskey(place: Place, person: Person, { hasAutofill = false } = {}) {
  const { context, complaints } = await openProfile(browser)
  if (!hasAutofill)
    await context.addInitScript(() => {
      if ('PublicKeyCredential' in window)
        PublicKeyCredential.isConditionalMediationAvailable = () => Promise.resolve(false)
    })
  const page = await signInAt(context, place, person, '/profile')
  const authenticator = await addAuthenticator(context, page)
  await page.getByRole('button', { name: 'Add passkey' }).click()
  const dialog = page.getByRole('dialog', { name: 'Save your recovery codes' })
  await dialog.waitFor()
  expect(await dialog.getByRole('list', { name: 'Your recovery codes' }).getByRole('listitem').count()).toBe(10)
  await dialog.getByRole('button', { name: 'Done' }).click()
  await dialog.getByText('Save the codes first').waitFor()
  await page.keyboard.press('Escape')
  await dialog.getByLabel('I have saved these codes').check()
  await dialog.getByRole('button', { name: 'Done' }).click()
  await dialog.waitFor({ state: 'detached' })
  return { page, context, complaints, authenticator }
}

async function signInWithPasskey(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
}
