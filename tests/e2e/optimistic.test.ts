import type { Browser, Page, Route } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { launchBrowser, openProfile, signInAt } from '../support/browser/browser.ts'
import { lastMailTo, linkParts } from '../support/data/mails.ts'
import type { World } from '../support/world.ts'
import { api, createWorld, signInAs } from '../support/world.ts'

let world: World
let browser: Browser
beforeAll(async () => {
  world = await createWorld({ ACCESS_TTL: '3600' })
  browser = await launchBrowser()
})
afterAll(() => world.stop())

test('a session that is ended is gone from the list before the server has said so, and stays gone', async () => {
  const { access } = await signInAs(world.acme, world.acme.staff)
  const page = await signIn('/profile', world.acme.staff)
  const { answer } = await holdBack(page, `${api}/sessions/*/`)
  await page.getByRole('button', { name: /^Sign out device: / }).click()
  await page.getByRole('button', { name: /^Sign out device: / }).waitFor({ state: 'detached' })
  expect((await world.acme.call(`${api}/departments/`, { token: access })).status).toBe(200)
  await answer()
  await page.getByText('The device was signed out').waitFor()
  expect((await world.acme.call(`${api}/departments/`, { token: access })).status).toBe(401)
  await page.reload()
  await page.getByText('This device', { exact: true }).waitFor()
  expect(await page.getByRole('button', { name: /^Sign out device: / }).count()).toBe(0)
})

test('a session that could not be ended is back in the list, and one is told why', async () => {
  await signInAs(world.globex, world.globex.admin)
  const page = await signIn('/profile', world.globex.admin, world.globex)
  await page.context().setOffline(true)
  await page.getByRole('button', { name: /^Sign out device: / }).click()
  await page.getByText('That did not work').waitFor()
  expect(await page.getByRole('button', { name: /^Sign out device: / }).count()).toBe(1)
})

test('an invitation is revoked at once; one that was accepted meanwhile comes back as that, with the reason', async () => {
  const { access: token } = await signInAs(world.acme, world.acme.admin)
  for (const email of ['early@example.com', 'late@example.com'])
    expect((await world.acme.call(`${api}/invitations/`, { token, body: { email } })).status).toBe(201)
  const page = await signIn('/invitations', world.acme.admin)
  const row = (email: string) => page.getByRole('row').filter({ hasText: email })
  const revoke = async (email: string) => {
    const held = await holdBack(page, `${api}/invitations/*/`)
    await row(email)
      .getByRole('button', { name: /^Revoke/ })
      .click()
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
    await row(email).getByText('Revoked').waitFor()
    return held
  }
  const { answer } = await revoke('late@example.com')
  await answer()
  await page.getByText('The invitation to late@example.com was revoked').waitFor()
  await row('late@example.com').getByText('Revoked').waitFor()

  const mail = await lastMailTo(world, world.acme, 'early@example.com', /Join/)
  const accepted = await world.acme.call(`${api}/invitations/accept/`, {
    body: { ...linkParts(mail.links[0]!), first_name: 'Ea', last_name: 'Early', password: 'an unlikely row of words' },
  })
  expect(accepted.status).toBe(201)
  const refusal = await revoke('early@example.com')
  await refusal.answer()
  await page.getByText('That did not work').waitFor()
  await row('early@example.com').getByText('Accepted').waitFor()
})

async function signIn(path: string, person = world.acme.admin, place = world.acme): Promise<Page> {
  const { context } = await openProfile(browser)
  onTestFinished(() => context.close())
  return signInAt(context, place, person, path)
}

/** Delays the answer to the next change at a path. */
async function holdBack(page: Page, path: string): Promise<{ answer(): Promise<void> }> {
  const { promise, resolve } = Promise.withResolvers<Route>()
  await page.route(`**${path}`, route => (route.request().method() === 'DELETE' ? resolve(route) : route.continue()), {
    times: 1,
  })
  return { answer: async () => (await promise).continue() }
}
