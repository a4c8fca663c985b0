import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse } from 'csv-parse/sync'
import type { Browser, Page } from 'playwright-core'
import sharp from 'sharp'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadMigrations } from '#server/database/migrations/files.ts'
import { fromSystem } from '#server/domain/context.ts'
import { createTenant } from '#server/domain/tenants/create.ts'
import {
  fillNewPassword,
  fillSignIn,
  followMail,
  isUnexpected,
  launchBrowser,
  openProfile,
  visit,
} from '../support/browser/browser.ts'
import type { Place, World } from '../support/world.ts'
import { createWorld } from '../support/world.ts'

const password = 'nine velvet trombones'
const departments = ['Design', 'Engineering', 'Finance']
/** Row numbers as in a spreadsheet: the header is row 1. */
const badRows = [10, 20, 30, 40, 50, 60, 70]

let world: World
let browser: Browser
let files: string
let initech: Place
beforeAll(async () => {
  files = await mkdtemp(join(tmpdir(), 'tenantry-first-hour-'))
  // In demo mode, which has a mailbox page.
  world = await createWorld({ DEMO: '1', UPLOAD_DIR: join(files, 'uploads') })
  browser = await launchBrowser()
})
afterAll(async () => {
  await world.stop()
  await rm(files, { recursive: true, force: true })
})

test("an admin's first hour: from the link to 195 people, of whom one was invited and signs in", async () => {
  const link = await createInitech()
  const { context, complaints } = await openProfile(browser)
  const page = await context.newPage()

  await visit(page, initech, new URL(link).pathname)
  await fillNewPassword(page, 'New password', password)
  await page.getByRole('button', { name: 'Set password' }).click()
  await page.waitForURL('**/login')
  await fillSignIn(page, { email: 'bill@initech.test', password })
  await page.waitForURL(`${initech.origin}/`)

  await uploadLogo(page)
  for (const name of departments) await addDepartment(page, name)
  await importStaff(page)
  await invite(page, 'mia@initech.test')

  const guest = await openProfile(browser)
  const mailbox = await guest.context.newPage()
  const invitation = await followMail(guest.context, mailbox, initech, 'Join “Initech', 'Accept invitation')
  await invitation.getByLabel('First name').fill('Mia')
  await invitation.getByLabel('Last name').fill('Moreau')
  await fillNewPassword(invitation, 'Password', password)
  await invitation.getByRole('button', { name: 'Accept invitation' }).click()
  await invitation.waitForURL('**/login')
  await fillSignIn(invitation, { email: 'mia@initech.test', password })
  await invitation.getByRole('heading', { name: /Mia/ }).waitFor()
  expect(await invitation.getByRole('link', { name: 'Invitations' }).count()).toBe(0)
  await visit(invitation, initech, '/people')
  // Bill, 193 people of the file, and Mia.
  await invitation.getByText('195 people', { exact: true }).waitFor()

  await visit(page, initech, '/audit')
  await page.getByText(/Mia Moreau accepted an invitation/).waitFor()
  expect([...complaints, ...guest.complaints].filter(isUnexpected)).toEqual([])
  await Promise.all([context.close(), guest.context.close()])
})

async function createInitech(): Promise<string> {
  const { tenant, url, password_link } = await createTenant(
    world.app,
    loadMigrations('.', 'tenant'),
    {
      name: 'Initech',
      subdomain: 'initech',
      business_email: 'office@initech.test',
      business_phone_number: '',
      admin_email: 'bill@initech.test',
      admin_password: null,
    },
    fromSystem,
  )
  initech = {
    ...world.acme,
    id: tenant.id,
    schema: tenant.schema,
    origin: url,
    host: `initech.localhost:${world.port}`,
  }
  return password_link!
}

async function uploadLogo(page: Page): Promise<void> {
  await visit(page, initech, '/settings/organization')
  const logo = await sharp({ create: { width: 300, height: 100, channels: 3, background: 'navy' } })
    .png()
    .toBuffer()
  await page.getByLabel('Choose image').setInputFiles({ name: 'logo.png', mimeType: 'image/png', buffer: logo })
  await page.getByRole('button', { name: 'Save logo' }).click()
  await page.getByText('The logo was saved').waitFor()
}

async function addDepartment(page: Page, name: string): Promise<void> {
  await visit(page, initech, '/departments')
  await page.getByRole('button', { name: 'Add department' }).first().click()
  await page.getByRole('dialog').getByLabel('Name').fill(name)
  await page.getByRole('dialog').getByRole('button', { name: 'Add' }).click()
  await page.getByRole('link', { name, exact: true }).waitFor()
}

async function importStaff(page: Page): Promise<void> {
  const rows = Array.from({ length: 200 }, (_, i) =>
    badRows.includes(i + 2)
      ? `not an address ${i},Bad,Row,,Design`
      : `staff${i}@initech.test,Staff,Number ${i},IN-${1_000 + i},${departments[i % 3]}`,
  )
  const file = join(files, 'staff.csv')
  await writeFile(file, `email,first_name,last_name,employee_id,department\r\n${rows.join('\r\n')}\r\n`)
  await visit(page, initech, '/people/import')
  await page.locator('input[type=file]').setInputFiles(file)
  await page.getByRole('link', { name: 'Error 7' }).waitFor()
  await page.getByRole('button', { name: 'Import 193 rows' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Import' }).click()
  await page.getByText('Import complete.').waitFor()
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Download result' }).click(),
  ])
  const result: string[][] = parse(await readFile(await download.path()), { bom: true })
  expect(result.filter(([, , outcome]) => outcome === 'error').map(([row]) => Number(row))).toEqual(badRows)
}

async function invite(page: Page, email: string): Promise<void> {
  await visit(page, initech, '/invitations')
  await page.getByRole('button', { name: 'Invite', exact: true }).first().click()
  const form = page.getByRole('dialog')
  await form.getByLabel('Email').fill(email)
  await form.getByRole('button', { name: 'Send invitation' }).click()
  await page.getByRole('row', { name: email }).waitFor()
}
