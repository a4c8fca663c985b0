import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import sharp from 'sharp'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  fillNewPassword,
  fillSignIn,
  followMail,
  isUnexpected,
  launchBrowser,
  open,
  openProfile,
  ready,
  signInAt,
  signInByForm,
  visit,
} from '../support/browser/browser.ts'
import { addOperator, openSupport } from '../support/data/operators.ts'
import type { World } from '../support/world.ts'
import { addPerson, api, createWorld, signInAs } from '../support/world.ts'

const password = 'nine velvet trombones'

let world: World
let browser: Browser
let uploads: string
let admin: string
beforeAll(async () => {
  uploads = await mkdtemp(join(tmpdir(), 'tenantry-uploads-'))
  // In demo mode, which has a mailbox page.
  world = await createWorld({ DEMO: '1', ACCESS_TTL: '3600', UPLOAD_DIR: uploads })
  browser = await launchBrowser()
  admin = (await signInAs(world.acme, world.acme.admin)).access
})
afterAll(async () => {
  await world.stop()
  await rm(uploads, { recursive: true, force: true })
})

test('a forgotten password is reset with the mailed link, which a visit alone does not use up', async () => {
  const person = await addPerson(world, world.acme, 'forgetful@example.com')
  const { context, complaints } = await openProfile(browser)
  const page = await open(context, world.acme, '/login')
  await page.getByRole('link', { name: 'Forgot your password?' }).click()
  await page.getByRole('heading', { name: 'Forgot your password?' }).waitFor()
  await page.getByLabel('Email').fill(person.email)
  await page.getByRole('button', { name: 'Send link' }).click()
  await page.getByRole('link', { name: 'Open demo mailbox' }).click()
  await (await followMail(context, page, world.acme, 'Set a new password for', 'Set a new password')).close()
  const reset = await followMail(context, page, world.acme, 'Set a new password for', 'Set a new password')
  await fillNewPassword(reset, 'New password', password)
  await reset.getByText(/hard to guess/).waitFor()
  await reset.getByRole('button', { name: 'Set password' }).click()
  await reset.waitForURL('**/login')
  await ready(reset)
  expect(await reset.getByText('Your session has ended').count()).toBe(0)
  await fillSignIn(reset, { ...person, password })
  await reset.waitForURL(`${world.acme.origin}/`)
  expect(complaints.filter(isUnexpected)).toEqual([])

  // In a new tab, because the first one reloads when another tab has signed in.
  const mailbox = await open(context, world.acme, '/mailbox')
  const again = await followMail(context, mailbox, world.acme, 'Set a new password for', 'Set a new password')
  // At once, before a password is typed.
  await again.getByRole('heading', { name: 'This link no longer works' }).waitFor()
  expect(await again.getByRole('link', { name: 'Request a new link' }).getAttribute('href')).toBe('/forgot')
  await context.close()
})

test('a user registers where that is open, activates the account and signs in', async () => {
  await change({ registration: 'open', registration_domains: ['open.test'] })
  const { context, complaints } = await openProfile(browser)
  const page = await open(context, world.acme, '/login')
  await page.getByRole('link', { name: 'Register' }).click()
  await page.getByText('Use an email address at: open.test').waitFor()
  await page.getByLabel('Email').fill('rita@open.test')
  await page.getByLabel('First name').fill('Rita')
  await page.getByLabel('Last name').fill('Reyes')
  await fillNewPassword(page, 'Password', password)
  await page.getByText('Strong: very hard to guess').waitFor()
  await page.getByRole('button', { name: 'Register' }).click()
  await page.getByRole('link', { name: 'Open demo mailbox' }).click()
  const activation = await followMail(context, page, world.acme, 'Activate your account', 'Activate account')
  await activation.getByRole('button', { name: 'Activate account' }).click()
  await activation.getByRole('link', { name: 'Continue' }).click()
  await activation.waitForURL('**/login')
  await fillSignIn(activation, { email: 'rita@open.test', password })
  await activation.getByRole('heading', { name: /Rita/ }).waitFor()
  expect(complaints.filter(isUnexpected)).toEqual([])
  await change({ registration: 'invite_only' })
  // In a new tab, because the first one reloads when another tab has signed in.
  const closed = await open(context, world.acme, '/register')
  await closed.getByText('You need an invitation to join').waitFor()
  expect(await closed.getByLabel('Email').count()).toBe(0)
  await context.close()
})

test('an invitation says what it is for, and makes the account', async () => {
  await world.acme.call(`${api}/invitations/`, { token: admin, body: { email: 'invited@example.com', role: 'Admin' } })
  const { context, complaints } = await openProfile(browser)
  const page = await open(context, world.acme, '/mailbox')
  const invitation = await followMail(context, page, world.acme, 'Join “Acme Ltd', 'Accept invitation')
  await invitation.getByText('invited@example.com').waitFor()
  expect(await invitation.getByText('Admin', { exact: true }).count()).toBe(1)
  await invitation.getByLabel('First name').fill('Iris')
  await invitation.getByLabel('Last name').fill('Ito')
  await fillNewPassword(invitation, 'Password', password)
  await invitation.getByRole('button', { name: 'Accept invitation' }).click()
  await invitation.waitForURL('**/login')
  await fillSignIn(invitation, { email: 'invited@example.com', password })
  await invitation.getByRole('heading', { name: /Iris/ }).waitFor()
  expect(complaints.filter(isUnexpected)).toEqual([])
  await visit(invitation, world.acme, '/invite/made-up')
  await invitation.getByRole('heading', { name: 'This link no longer works' }).waitFor()
  await context.close()
})

test('a user changes photo, address and password, and downloads their data', async () => {
  const person = await addPerson(world, world.acme, 'profile@example.com')
  const { context, complaints } = await openProfile(browser)
  const page = await signInAt(context, world.acme, person, '/profile')
  const photo = await sharp({ create: { width: 900, height: 600, channels: 3, background: '#336699' } })
    .jpeg()
    .toBuffer()
  const [chooser] = await Promise.all([
    page.waitForEvent('filechooser'),
    page.getByRole('button', { name: 'Add photo' }).click(),
  ])
  await chooser.setFiles({ name: 'me.jpg', mimeType: 'image/jpeg', buffer: photo })
  const canvas = page.getByRole('img', { name: /Preview of your photo/ })
  for (const key of ['ArrowLeft', '+', 'ArrowUp']) await canvas.press(key)
  await page.getByRole('button', { name: 'Save photo' }).click()
  await page.getByText('Your photo was saved').waitFor()
  const shown = await page
    .locator('main img')
    .first()
    .evaluate((image: HTMLImageElement) => image.decode().then(() => image.naturalWidth))
  expect(shown).toBe(256)
  await page.getByRole('button', { name: 'Remove photo' }).click()
  await page.getByText('Your photo was removed').waitFor()

  await page.getByLabel('New email address').fill('renamed@example.com')
  await page
    .getByRole('region', { name: 'Email address' })
    .getByLabel('Current password', { exact: true })
    .fill(person.password)
  await page.getByRole('button', { name: 'Change email' }).click()
  await page.getByText('We have sent a link to renamed@example.com').waitFor()
  const mailbox = await open(context, world.acme, '/mailbox')
  const confirmation = await followMail(
    context,
    mailbox,
    world.acme,
    'Confirm your new email address',
    'Confirm email address',
  )
  await confirmation.getByRole('button', { name: 'Confirm email address' }).click()
  await confirmation.getByRole('heading', { name: 'Your email address was changed' }).waitFor()

  const section = page.getByRole('region', { name: 'Password', exact: true })
  await section.getByLabel('Current password', { exact: true }).fill(person.password)
  await fillNewPassword(page, 'New password', password)
  await section.getByRole('button', { name: 'Change password' }).click()
  await page.getByText('Your password was changed').waitFor()
  await signInAs(world.acme, { ...person, email: 'renamed@example.com', password })

  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Download data' }).click(),
  ])
  const data = JSON.parse(await readFile(await download.path(), 'utf8'))
  expect(data.profile).toMatchObject({ id: person.id, email: 'renamed@example.com' })
  expect(data.sessions.length).toBeGreaterThan(0)
  expect(complaints.filter(isUnexpected)).toEqual([])
  await context.close()
})

test('a session that is ended on another device is over there, and everywhere is here too', async () => {
  const person = await addPerson(world, world.acme, 'devices@example.com')
  const [here, there] = [await openProfile(browser), await openProfile(browser)]
  const other = await signInAt(there.context, world.acme, person, '/people')
  const page = await signInAt(here.context, world.acme, person, '/profile')
  await page.getByRole('button', { name: /^Sign out device: / }).click()
  await page.getByText('The device was signed out').waitFor()
  await visit(other, world.acme, '/people')
  await other.waitForURL('**/login**')
  await fillSignIn(other, person)
  await other.waitForURL(`${world.acme.origin}/people`)

  await page.getByRole('button', { name: 'Sign out everywhere', exact: true }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Sign out everywhere' }).click()
  await page.waitForURL('**/login**')
  await other.reload()
  await other.waitForURL('**/login**')
  for (const { context } of [here, there]) await context.close()
})

test('a language that was chosen is there on the next device too', async () => {
  const person = await addPerson(world, world.acme, 'language@example.com')
  const first = await openProfile(browser)
  const page = await signInByForm(first.context, world.acme, person, '/profile')
  await page.locator('select[name=language]').selectOption('ar')
  await page.getByRole('button', { name: 'Save language' }).click()
  await page.getByRole('heading', { name: 'الملف الشخصي' }).waitFor()
  await first.context.close()
  const second = await openProfile(browser)
  const other = await signInByForm(second.context, world.acme, person, '/profile')
  await other.waitForFunction(() => document.documentElement.dir === 'rtl')
  expect(await (await other.reload())!.text()).toContain('lang="ar"')
  await second.context.close()
})

test('a language that is reset is also reset in the browser', async () => {
  const person = await addPerson(world, world.acme, 'undecided@example.com')
  const { context } = await openProfile(browser)
  const page = await signInByForm(context, world.acme, person, '/profile')
  const save = async (language: string, button: string) => {
    await page.locator('select[name=language]').selectOption(language)
    const saved = page.waitForResponse(
      answer => answer.url().endsWith('/users/me/') && answer.request().method() === 'PATCH',
    )
    await page.getByRole('button', { name: button }).click()
    await saved
  }
  await save('ar', 'Save language')
  await page.getByRole('heading', { name: 'الملف الشخصي' }).waitFor()
  await save('', 'حفظ اللغة')
  await expect.poll(async () => (await context.cookies()).map(({ name }) => name)).not.toContain('tenantry_locale')
  expect(await (await page.reload())!.text()).toContain('lang="en"')
  await context.close()
})

test('a language that is chosen in a support session applies to this browser only, and the user keeps theirs', async () => {
  const person = await addPerson(world, world.acme, 'helped@example.com')
  const { access } = await signInAs(world.acme, person)
  const me = (options: object = {}) => world.acme.call(`${api}/auth/users/me/`, { token: access, ...options })
  await me({ method: 'PATCH', body: { language: 'en' } })
  const operator = await addOperator(world, 'sam@example.com', 'Support')
  const { cookies } = await openSupport(world, operator.token, person, { is_read_only: false })
  const { context, complaints } = await openProfile(browser)
  await context.addCookies(Object.entries(cookies).map(([name, value]) => ({ name, value, url: world.acme.origin })))
  const page = await open(context, world.acme, '/people')
  await page
    .getByRole('button', { name: /helped@example\.com/ })
    .filter({ visible: true })
    .click()
  await page.getByRole('button', { name: 'العربية' }).click()
  await page.waitForFunction(() => document.documentElement.dir === 'rtl')
  await page.getByRole('link', { name: 'الأقسام' }).filter({ visible: true }).first().click()
  await page.waitForURL('**/departments')
  expect(await (await page.reload())!.text()).toContain('lang="ar"')
  expect(complaints).toEqual([])
  expect((await me()).json.language).toBe('en')
  await context.close()
})

async function change(body: object): Promise<void> {
  expect((await world.acme.call(`${api}/organization/`, { method: 'PATCH', token: admin, body })).status).toBe(200)
}
