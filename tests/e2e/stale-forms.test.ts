import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { launchBrowser, open, openProfile, signInAt } from '../support/browser/browser.ts'
import type { World } from '../support/world.ts'
import { addPerson, api, auth, createWorld, signInAs } from '../support/world.ts'

let world: World
let browser: Browser
let admin: string
beforeAll(async () => {
  world = await createWorld()
  browser = await launchBrowser()
  admin = (await signInAs(world.acme, world.acme.admin)).access
})
afterAll(() => world.stop())

test("a stale page does not undo another Admin's work, and shows it once it has saved", async () => {
  const { id } = await addPerson(world, world.acme, 'promoted@example.com', { role: 'Admin' })
  const [one, other] = await editTwice(id)
  await one.getByLabel('Role').selectOption('Staff')
  await save(one)
  await other.getByLabel('Employee ID').fill('E-77')
  await save(other)
  await other.getByRole('definition').filter({ hasText: 'Staff' }).waitFor()
  expect((await world.acme.call(`${auth}/users/${id}/`, { token: admin })).json).toMatchObject({
    role: 'Staff',
    employee_id: 'E-77',
  })
})

test('what both have changed is for the second to decide, field by field', async () => {
  const { id } = await addPerson(world, world.acme, 'contested@example.com')
  const department = await world.acme.call(`${api}/departments/`, { token: admin, body: { name: 'Contested' } })
  const [one, other] = await editTwice(id)
  await one.getByLabel('First name').fill('Adele')
  await one.getByLabel('Last name').fill('Rock')
  await one.getByLabel('Department').selectOption('Contested')
  await save(one)

  await other.getByLabel('First name').fill('Adah')
  await other.getByLabel('Last name').fill('Pebble')
  await other.getByRole('button', { name: 'Save changes' }).click()
  const conflict = other.getByRole('region', { name: 'Somebody else changed the same' })
  await conflict.waitFor()
  expect(await conflict.getByRole('listitem').allInnerTexts()).toEqual([
    expect.stringMatching(/First name[\s\S]*Adah[\s\S]*Adele/),
    expect.stringMatching(/Last name[\s\S]*Pebble[\s\S]*Rock/),
  ])
  await conflict.getByRole('button', { name: 'Take theirs: First name' }).click()
  await conflict.getByRole('button', { name: 'Keep mine: Last name' }).click()
  await conflict.waitFor({ state: 'detached' })
  expect(await other.getByLabel('First name').inputValue()).toBe('Adele')
  await save(other)
  expect((await world.acme.call(`${auth}/users/${id}/`, { token: admin })).json).toMatchObject({
    first_name: 'Adele',
    last_name: 'Pebble',
    department: department.json.id,
  })
})

test('two tabs of the settings do not disturb each other', async () => {
  const [one, other] = await openTwice('/settings/organization')
  await one.getByLabel('Phone').fill('+44 20 7946 0042')
  await saveSettings(one)
  await one.getByLabel('Minimum password length').fill('16')
  await saveSettings(one)
  await other.getByLabel('Minimum password length').fill('14')
  await other.getByRole('button', { name: 'Save changes' }).click()
  await other.getByRole('button', { name: /^Take theirs/ }).click()
  expect(await other.getByLabel('Minimum password length').inputValue()).toBe('16')
})

async function openTwice(path: string): Promise<[Page, Page]> {
  const { context, complaints } = await openProfile(browser)
  onTestFinished(async () => {
    await context.close()
    // A refused precondition is an answer, which Chromium reports as a failed request.
    expect(complaints.filter(text => !/status of 4(?:01|12)/.test(text))).toEqual([])
  })
  return [await signInAt(context, world.acme, world.acme.admin, path), await open(context, world.acme, path)]
}

/** Opens the form of a person in two tabs. */
async function editTwice(id: string): Promise<[Page, Page]> {
  const pages = await openTwice(`/people/${id}`)
  for (const page of pages) await page.getByRole('button', { name: 'Edit' }).click()
  return pages
}

async function save(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Save changes' }).click()
  await page.getByText('Changes saved').first().waitFor()
}

async function saveSettings(page: Page): Promise<void> {
  const saved = page.waitForResponse(answer => answer.request().method() === 'PATCH' && answer.status() === 200)
  await page.getByRole('button', { name: 'Save changes' }).click()
  await saved
  await page.getByRole('button', { name: 'Save changes' }).waitFor({ state: 'detached' })
}
