import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { launchBrowser, openProfile, ready, signInAt, visit } from '../support/browser/browser.ts'
import type { World } from '../support/world.ts'
import { createWorld } from '../support/world.ts'

let world: World
let browser: Browser
beforeAll(async () => {
  world = await createWorld()
  browser = await launchBrowser()
})
afterAll(() => world.stop())

test('an operator finds a tenant, suspends it with a reason and lets it go on', async () => {
  const { context, complaints } = await openProfile(browser)
  const page = await signInAt(context, world.console, world.console.admin, '/tenants')
  await page.getByRole('searchbox').fill('globex')
  await page.waitForURL('**/tenants?search=globex')
  await page.getByRole('link', { name: 'Globex Corporation' }).click()
  await page.getByRole('heading', { level: 1, name: 'Globex Corporation' }).waitFor()
  await page.getByRole('button', { name: 'Actions' }).click()
  await page.getByRole('button', { name: 'Suspend', exact: true }).click()
  await page.getByRole('dialog').getByLabel('Reason').fill('Unpaid since May')
  await page.getByRole('dialog').getByRole('button', { name: 'Suspend', exact: true }).click()
  await page.getByText('Unpaid since May').first().waitFor()
  expect((await world.globex.call('/api/v1/organization/branding/')).status).toBe(403)
  await page.getByRole('button', { name: 'Actions' }).click()
  await page.getByRole('button', { name: 'Resume', exact: true }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Resume', exact: true }).click()
  await page.getByText('Unpaid since May').waitFor({ state: 'detached' })
  await expect.poll(() => page.locator('button:focus').textContent({ timeout: 1000 })).toContain('Actions')
  await expect.poll(async () => (await world.globex.call('/api/v1/organization/branding/')).status).toBe(200)
  expect(complaints).toEqual([])
  await context.close()
})

test('an operator signs in as a user, which is shown to them, may only read, and ends it', async () => {
  const { context } = await openProfile(browser)
  const page = await signInAt(context, world.console, world.console.admin, `/tenants/${world.acme.id}?tab=support`)
  await page.getByRole('button', { name: 'Sign in as…' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('group', { name: 'Person' }).getByRole('radio', { name: world.acme.admin.email }).check()
  await dialog.getByLabel('Reason').fill('Ticket 4711')
  await dialog.getByRole('button', { name: 'Get link' }).click()
  const [portal] = await Promise.all([
    context.waitForEvent('page'),
    dialog.getByRole('link', { name: 'Open portal' }).click(),
  ])
  await ready(portal)
  expect(new URL(portal.url()).origin).toBe(world.acme.origin)
  await portal.getByRole('button', { name: 'Start session' }).click()
  await portal.waitForURL(`${world.acme.origin}/`)
  for (const path of ['/', '/people', '/departments']) {
    await visit(portal, world.acme, path)
    await portal
      .getByRole('complementary', { name: 'Support session' })
      .getByText(`${world.console.admin.email} is signed in as`)
      .waitFor()
  }
  const refused = await portal.evaluate(async () => {
    const answer = await fetch('/api/v1/departments/', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"name":"Mine"}',
    })
    return [answer.status, (await answer.json()).code]
  })
  expect(refused).toEqual([403, 'read_only'])
  await portal
    .getByRole('complementary', { name: 'Support session' })
    .getByRole('button', { name: 'End session' })
    .click()
  await portal.waitForURL('**/login**')
  expect(
    (await context.cookies(world.acme.origin)).filter(
      ({ name }) => name.startsWith('tenantry_a') || name.startsWith('tenantry_r'),
    ),
  ).toEqual([])
  await context.close()
})

describe('for an operator who is signed in', () => {
  let page: Page
  let complaints: string[]
  beforeAll(async () => {
    const profile = await openProfile(browser)
    complaints = profile.complaints
    page = await signInAt(profile.context, world.console, world.console.admin)
  })
  afterAll(() => page.context().close())

  test.each([
    '/',
    '/tenants',
    '/operators',
    '/mail',
    '/migrations',
    '/jobs',
    '/health',
    '/audit',
    '/support',
    '/signups',
    '/keys',
    '/archives',
  ])('the page %s opens without a complaint of the browser', async path => {
    await visit(page, world.console, path)
    expect(page.url()).toBe(`${world.console.origin}${path}`)
    await page.getByRole('heading', { level: 1 }).waitFor()
    expect(complaints.splice(0)).toEqual([])
  })
})

test('an operator finds a person of any organisation, runs a job, and looks at its run', async () => {
  const { context, complaints } = await openProfile(browser)
  const page = await signInAt(context, world.console, world.console.admin)
  await page.keyboard.press('Control+k')
  await page.getByRole('combobox').fill('ann@example')
  await page.getByRole('option', { name: 'Find “ann@example” in all organisations' }).click()
  await page.getByRole('row', { name: /ann@example\.com Acme/ }).waitFor()
  await page
    .getByRole('row', { name: /ann@example\.com Globex/ })
    .getByRole('link', { name: 'ann@example.com' })
    .click()
  await page.getByRole('heading', { level: 1, name: 'Globex Corporation' }).waitFor()
  await page.getByRole('button', { name: 'Sign in as…' }).waitFor()
  await visit(page, world.console, '/jobs')
  await page.getByRole('button', { name: 'Run now Verify domains' }).click()
  await page.getByText('Verify domains: started').waitFor()
  await page.getByRole('region', { name: 'Recent runs' }).getByText('Completed').first().waitFor()
  await visit(page, world.console, '/mail')
  await page.getByRole('button', { name: 'Retry all' }).click()
  await page.getByText('No failed or delayed emails to retry').waitFor()
  await visit(page, world.console, '/health')
  await page.getByRole('button', { name: 'Check now' }).click()
  await page.getByRole('region', { name: 'Installation' }).getByText('can be decrypted with SECRET').waitFor()
  await expect.poll(() => page.locator('button:focus').textContent({ timeout: 1000 })).toContain('Check now')
  expect(complaints).toEqual([])
  await context.close()
})
