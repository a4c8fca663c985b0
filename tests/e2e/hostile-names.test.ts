import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launchBrowser, openProfile, signInAt, visit } from '../support/browser/browser.ts'
import { mailsTo } from '../support/data/mails.ts'
import type { World } from '../support/world.ts'
import { addPerson, api, auth, createWorld, signInAs } from '../support/world.ts'

/** Names that would be markup, script, style or a template if they were not escaped. */
const names = [
  '<script>alert(1)</script>',
  '</script><script>alert(1)</script>',
  '</title><script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  '<svg/onload=alert(1)>',
  "'-alert(1)-'",
  "{{constructor.constructor('alert(1)')()}}",
  '${alert(1)}',
  'javascript:alert(1)',
  '<style>*{display:none}</style>',
  '" style="position:fixed" x="',
  '&lt;script&gt;alert(1)&lt;/script&gt;',
  '<a href="javascript:alert(1)">x</a>',
  '<iframe srcdoc="<script>alert(1)</script>">',
  ']]><!--',
  '{n, plural, one {x}} | @:common.skip',
]

let world: World
let browser: Browser
beforeAll(async () => {
  world = await createWorld({ ACCESS_TTL: '3600' })
  browser = await launchBrowser()
})
afterAll(() => world.stop())

test('a name is text wherever it stands: in lists, details, titles, payloads, the audit and mails, WEB-05, WEB-07, WEB-08', async () => {
  const { people, departments } = await nameEverything()
  const { context, complaints } = await openProfile(browser)
  const dialogs: string[] = []
  context.on('dialog', dialog => {
    dialogs.push(dialog.message())
    void dialog.dismiss()
  })
  const page = await signInAt(context, world.acme, world.acme.admin)
  for (const path of [
    '/',
    '/people',
    '/people?search=alert',
    ...people.map(id => `/people/${id}`),
    '/departments',
    ...departments.slice(0, 3).map(id => `/departments/${id}`),
    '/audit',
    '/settings/organization',
    '/profile',
  ]) {
    await visit(page, world.acme, path)
    expect(await page.locator('h1').isVisible()).toBe(true)
    expect(await page.title()).toContain(names[2])
  }
  await visit(page, world.acme, '/people?page_size=100')
  for (const name of names) expect(await page.getByText(name, { exact: false }).count(), name).toBeGreaterThan(0)
  await visit(page, world.acme, '/audit?action=departments')
  expect(await page.getByText(`added the department 0 ${names[0]}`).count()).toBe(1)
  for (const summary of await page.locator('summary').all()) await summary.click()

  // As a mail program that runs every script.
  const mails = await mailsTo(world, world.acme, 'guest@example.com')
  expect(mails).toHaveLength(1)
  expect(mails[0]!.html).not.toMatch(/<script|<img src=x|<svg|<style>\*/)
  await page.goto('about:blank')
  await page.setContent(mails[0]!.html)
  expect([dialogs, complaints]).toEqual([[], []])
  await context.close()
})

async function nameEverything(): Promise<{ people: string[]; departments: string[] }> {
  const token = (await signInAs(world.acme, world.acme.admin)).access
  const patch = async (path: string, body: object) =>
    expect((await world.acme.call(path, { method: 'PATCH', token, body })).status).toBe(200)
  const people: string[] = []
  const departments: string[] = []
  for (const [i, name] of names.entries()) {
    const { json: department } = await world.acme.call(`${api}/departments/`, { token, body: { name: `${i} ${name}` } })
    const { id } = await addPerson(world, world.acme, `guest${i}@example.com`)
    await patch(`${auth}/users/${id}/`, {
      first_name: name,
      last_name: name,
      department: department.id,
      employee_id: `${i} ${name}`.slice(0, 64),
    })
    people.push(id)
    departments.push(department.id)
  }
  await patch(`${auth}/users/me/`, { first_name: names[0], last_name: names[3] })
  await patch(`${api}/organization/`, { name: names[2] })
  expect((await world.acme.call(`${api}/invitations/`, { token, body: { email: 'guest@example.com' } })).status).toBe(
    201,
  )
  return { people, departments }
}
