import { readFile } from 'node:fs/promises'
import { parse } from 'csv-parse/sync'
import { eq } from 'drizzle-orm'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newId } from '#server/database/ids.ts'
import type { TenantRealm } from '#server/database/realms.ts'
import { launchBrowser, openProfile, signInAt, visit } from '../support/browser/browser.ts'
import type { World } from '../support/world.ts'
import { api, createWorld, realmOf, signInAs } from '../support/world.ts'

let world: World
let browser: Browser
let design: string
beforeAll(async () => {
  world = await createWorld({ ACCESS_TTL: '3600' })
  browser = await launchBrowser()
  design = await addDepartment('Design')
  const now = new Date()
  const {
    db,
    tables: { users },
  } = acme()
  await db.insert(users).values(
    Array.from({ length: 40 }, (_, i) => ({
      id: newId(),
      email: `person${i}@acme.test`,
      first_name: 'Person',
      last_name: `Number ${String(i).padStart(2, '0')}`,
      department: i % 4 === 0 ? design : null,
      activated_at: now,
      date_joined: now,
    })),
  )
})
afterAll(() => world.stop())

describe('the directory', () => {
  test('keeps search, filters, order, page and its size in the address, where Back finds them', async () => {
    const { page, done } = await asAdmin('/people')
    await page.getByRole('searchbox').fill('person number')
    await page.waitForURL('**/people?search=person+number')
    await page.getByText('40 people found').waitFor()
    await page.getByRole('combobox', { name: 'Department', exact: true }).selectOption({ label: 'Design' })
    await page.waitForURL(`**/people?search=person+number&department=${design}`)
    await page.getByText('10 people found').waitFor()
    await page.getByRole('link', { name: 'Email' }).click()
    await page.waitForURL(/ordering=email/)
    await page.reload()
    await page.getByText('10 people found').waitFor()
    expect(await page.getByRole('searchbox').inputValue()).toBe('person number')
    expect(await emails(page)).toEqual([0, 12, 16, 20, 24, 28, 32, 36, 4, 8].map(i => `person${i}@acme.test`))
    await visit(page, world.acme, '/people?search=person+number')
    await page.getByRole('link', { name: 'Next' }).click()
    await page.waitForURL(/page=2/)
    await page.getByText('26–40 of 40').waitFor()
    await page.getByRole('combobox', { name: 'Rows per page' }).selectOption('50')
    await page.waitForURL(/page_size=50/)
    await page.getByText('1–40 of 40').waitFor()
    await page.getByRole('combobox', { name: 'Status' }).selectOption('false')
    await page.getByText('No people found').waitFor()
    await done()
  })

  test('chooses people one by one, as a range and as a page, and deactivates them after saying whom', async () => {
    const { page, done } = await asAdmin('/people?search=person+number')
    await page.getByLabel('Select Person Number 03').check()
    await page.getByLabel('Select Person Number 06').click({ modifiers: ['Shift'] })
    await page.getByText('4 selected').last().waitFor()
    await page.getByLabel('Select Person Number 04').focus()
    await page.keyboard.press('Space')
    await page.getByText('3 selected').last().waitFor()
    await page.getByRole('button', { name: 'Deactivate' }).click()
    const dialog = page.getByRole('dialog', { name: 'Deactivate 3 people?' })
    await dialog.waitFor()
    expect(await dialog.getByRole('listitem').allInnerTexts()).toEqual(
      ['03', '05', '06'].map(i => `Person Number ${i} person${Number(i)}@acme.test`),
    )
    await dialog.getByRole('button', { name: 'Cancel' }).click()
    expect(await inactive()).toEqual([])
    await page.getByRole('button', { name: 'Deactivate' }).click()
    await dialog.getByRole('button', { name: 'Deactivate 3 people' }).click()
    await page.getByText('3 people were deactivated.').waitFor()
    expect(await inactive()).toEqual([3, 5, 6].map(i => `person${i}@acme.test`))
    await page.getByRole('button', { name: 'Undo' }).click()
    await page.getByText('Undone').waitFor()
    expect(await inactive()).toEqual([])
    await done()
  })

  test('selects people over pages, and all who are found, and moves them and back', async () => {
    const { page, done } = await asAdmin('/people?search=person+number')
    await page.getByLabel('Select all on this page').check()
    await page.getByText('25 selected').last().waitFor()
    await page.getByRole('link', { name: 'Next' }).click()
    await page.waitForURL(/page=2/)
    await page.getByLabel('Select Person Number 30').check()
    await page.getByText('26 selected').last().waitFor()
    await page.getByLabel('Select all on this page').check()
    await page.getByText('40 selected').last().waitFor()
    await page.getByRole('button', { name: 'Clear selection' }).click()
    await page.getByLabel('Select all on this page').check()
    await page.getByRole('button', { name: 'Select all 40' }).click()
    await page.getByText('40 selected').last().waitFor()
    await page.getByRole('button', { name: 'Set role' }).click()
    await page.getByRole('dialog').getByLabel('Role').selectOption('Admin')
    await page.getByRole('button', { name: 'Set role of 40 people' }).click()
    await page.getByText('The role of 40 people was set.').waitFor()
    expect(await admins()).toBe(41)
    await page.getByRole('button', { name: 'Undo' }).click()
    await page.getByText('Undone').waitFor()
    expect(await admins()).toBe(1)
    await page.getByLabel('Select Person Number 30').check()
    await page.getByRole('searchbox').fill('person number 01')
    await page.getByText('1 person found').waitFor()
    expect(await page.getByRole('group', { name: 'Selected people' }).count()).toBe(0)
    await done()
  })

  test('chooses the columns of the list, which stay chosen', async () => {
    const { page, done } = await asAdmin('/people')
    await page.getByRole('button', { name: 'Columns' }).click()
    await page.getByRole('checkbox', { name: 'Employee ID' }).check()
    await page.getByRole('checkbox', { name: 'Joined' }).uncheck()
    const headings = () => page.getByRole('columnheader').getByRole('link').or(page.locator('th:not(:has(a))'))
    const wanted = ['Name', 'Email', 'Department', 'Employee ID', 'Role']
    const texts = async () => (await headings().allInnerTexts()).map(text => text.replace(/\s*[↑↓]?$/, ''))
    expect(await texts()).toEqual(wanted)
    await page.reload()
    expect(await texts()).toEqual(wanted)
    await done()
  })

  test('says who was refused and why: the last Admin stays', async () => {
    const { page, done } = await asAdmin('/people?search=example.com')
    await page.getByLabel('Select all on this page').check()
    await page.getByRole('button', { name: 'Set role' }).click()
    await page.getByText('Your own account is included.').waitFor()
    await page.getByRole('button', { name: 'Set role of 2 people' }).click()
    await page.getByText('1 failed:').waitFor()
    await page.getByText('The last active Admin cannot be demoted, deactivated or deleted.').waitFor()
    await done()
  })

  test('leads from a page that does not exist to the last one', async () => {
    const { page, done } = await asAdmin('/people')
    await visit(page, world.acme, '/people?page=99')
    await page.getByText('Person Number 39').waitFor()
    expect(new URL(page.url()).searchParams.get('page')).toBe('2')
    await visit(page, world.acme, '/people?search=ann@example.com&page=7')
    await page.getByText('ann@example.com').first().waitFor()
    await page.waitForURL(url => !url.searchParams.has('page'))
    expect(await page.getByRole('button', { name: 'Try again' }).count()).toBe(0)
    await done()
  })

  test("shows Staff no control of an Admin's, and their pages and routes refuse", async () => {
    const { context } = await openProfile(browser)
    const page = await signInAt(context, world.acme, world.acme.staff, '/people')
    await page.getByText('ann@example.com').first().waitFor()
    for (const name of ['Add person', 'Invite', 'Export CSV', 'Rename', 'Delete'])
      expect(await page.getByRole('button', { name }).count()).toBe(0)
    expect(await page.getByRole('checkbox').count()).toBe(0)
    expect(await page.getByRole('link', { name: 'Import' }).count()).toBe(0)
    await visit(page, world.acme, `/people/${world.acme.admin.id}`)
    await page.getByRole('link', { name: 'ann@example.com' }).waitFor()
    expect(await page.getByRole('button', { name: /Deactivate|Delete|Send password link|Save changes/ }).count()).toBe(
      0,
    )
    for (const path of ['/people/import', '/invitations', '/invitations/many'])
      expect((await page.goto(`${world.acme.origin}${path}`))!.status()).toBe(403)
    const { access: token } = await signInAs(world.acme, world.acme.staff)
    for (const path of [`${api}/users/bulk/`, `${api}/users/import/`, `${api}/invitations/`]) {
      const headers = path.includes('import') ? { 'content-type': 'text/csv' } : {}
      expect(
        (
          await world.acme.call(path, {
            method: 'POST',
            token,
            body: path.includes('import') ? 'email\n' : {},
            headers,
          })
        ).status,
      ).toBe(403)
    }
    await context.close()
  })
})

test('a dialog opens at its first field, and one without a field to fill in at its heading', async () => {
  const { page, done } = await asAdmin('/people')
  await page.getByRole('button', { name: 'Add person' }).click()
  await expect.poll(() => page.getByRole('dialog').locator(':focus').getAttribute('name')).toBe('email')
  await page.keyboard.press('Escape')
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await page.keyboard.press('?')
  await expect.poll(() => page.getByRole('dialog').locator(':focus').textContent()).toContain('Keyboard shortcuts')
  await done()
})

describe('an import', () => {
  test('of 200 rows with 7 bad ones is shown, done and saved as a file, and the same again changes nothing', async () => {
    const { page, done } = await asAdmin('/people/import')
    const bad = [10, 20, 30, 40, 50, 60, 70]
    const rows = Array.from({ length: 200 }, (_, i) =>
      bad.includes(i + 2) ? `not an address ${i},Bad,Row,Imports` : `import${i}@acme.test,"=Im, ${i}",Ported,Imports`,
    )
    const text = `email,first_name,last_name,department\r\n${rows.join('\r\n')}\r\n`
    const file = { name: 'ported.csv', mimeType: 'text/csv', buffer: Buffer.from(text) }
    await page.locator('input[type=file]').setInputFiles(file)
    await page.getByText('There is no department "Imports".').first().waitFor()
    await page.getByLabel('Create missing departments').check()
    await page.getByRole('button', { name: 'Import 193 rows' }).waitFor()
    await page.getByRole('link', { name: 'Error 7' }).click()
    await page.waitForURL(/show=error/)
    expect(await page.getByRole('row').count()).toBe(8)
    expect(await countUsers()).toBe(42)
    await page.getByRole('button', { name: 'Import 193 rows' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Import' }).click()
    await page.getByText('Import complete.').waitFor()
    await expect.poll(() => page.locator(':focus').textContent()).toContain(file.name)
    expect(await countUsers()).toBe(42 + 193)
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download result' }).click(),
    ])
    const result: string[][] = parse(await readFile(await download.path()), { bom: true })
    expect(result).toHaveLength(201)
    expect(result[1]!.slice(0, 3)).toEqual(['2', 'import0@acme.test', 'created'])
    expect(result.filter(([, , outcome]) => outcome === 'error').map(([row]) => Number(row))).toEqual(bad)
    expect(result.flat().filter(cell => cell.startsWith('='))).toEqual([])
    await page.getByRole('button', { name: 'Choose another file' }).click()
    await page.locator('input[type=file]').setInputFiles(file)
    await page.getByRole('button', { name: 'Import 0 rows' }).waitFor()
    expect(await page.getByRole('button', { name: 'Import 0 rows' }).isDisabled()).toBe(true)
    await done()
  })
})

describe('a department', () => {
  test('that is in use is deleted once its people have gone to another', async () => {
    const target = await addDepartment('Target')
    const source = await addDepartment('Source')
    const {
      db,
      tables: { users },
    } = acme()
    await db.update(users).set({ department: source }).where(eq(users.email, 'person7@acme.test'))
    const { page, done } = await asAdmin('/departments')
    await page.getByRole('button', { name: 'Delete Source' }).click()
    // Before anything is tried.
    await page.getByText('1 person belongs to this department.').waitFor()
    await page.getByLabel('Move everyone to').selectOption({ label: 'Target' })
    await page.getByRole('button', { name: 'Move everyone and delete' }).click()
    await page.getByText('Source was deleted').waitFor()
    await page.getByRole('link', { name: 'Source', exact: true }).waitFor({ state: 'detached' })
    const rows = await db
      .select({ department: users.department })
      .from(users)
      .where(eq(users.email, 'person7@acme.test'))
    expect(rows).toEqual([{ department: target }])
    await visit(page, world.acme, `/departments/${target}`)
    await page.getByText('person7@acme.test').waitFor()
    await done()
  })
})

describe('invitations', () => {
  test('are sent, listed and revoked; many are checked before they are sent', async () => {
    const { page, done } = await asAdmin('/invitations')
    await page.getByRole('button', { name: 'Invite', exact: true }).first().click()
    await page.getByRole('dialog').getByLabel('Email').fill('guest@acme.test')
    await page.getByRole('button', { name: 'Send invitation' }).click()
    const row = page.getByRole('row', { name: /guest@acme\.test/ })
    await row.getByText('Pending').waitFor()
    await row.getByText('in 7 days').waitFor()
    await page.getByRole('button', { name: 'Revoke the invitation to guest@acme.test' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
    await row.getByText('Revoked').waitFor()
    await page.getByRole('combobox', { name: 'Status' }).selectOption({ label: 'Pending' })
    await page.waitForURL(/state=open/)
    await page.getByText('No invitations match your search or filters.').waitFor()
    await page.getByRole('link', { name: 'Bulk invite' }).click()
    await page.getByLabel('Email addresses').fill('one@acme.test, two@acme.test\nben@example.com nonsense')
    await page.getByRole('button', { name: 'Preview' }).click()
    await page.getByText('2 people will be invited.').waitFor()
    expect(await countInvitations()).toBe(1)
    await page.getByRole('button', { name: 'Send 2 invitations' }).click()
    await page.getByText('2 people were invited.').waitFor()
    expect(await countInvitations()).toBe(3)
    await done()
  })
})

async function asAdmin(path: string): Promise<{ page: Page; context: BrowserContext; done: () => Promise<void> }> {
  const { context, complaints } = await openProfile(browser)
  const page = await signInAt(context, world.acme, world.acme.admin, path)
  return {
    page,
    context,
    async done() {
      // The browser logs refusals even if the page explains them.
      expect(complaints.filter(text => !text.includes('409 (Conflict)'))).toEqual([])
      await context.close()
    },
  }
}

function acme(): TenantRealm {
  return realmOf(world.app, world.acme).realm as TenantRealm
}

async function addDepartment(name: string): Promise<string> {
  const { access: token } = await signInAs(world.acme, world.acme.admin)
  return (await world.acme.call(`${api}/departments/`, { token, body: { name } })).json.id
}

function emails(page: Page): Promise<string[]> {
  return page.locator('tbody td:nth-child(2)').allInnerTexts()
}

function admins(): Promise<number> {
  const {
    db,
    tables: { users },
  } = acme()
  return db.$count(users, eq(users.role, 'Admin'))
}

async function inactive(): Promise<string[]> {
  const {
    db,
    tables: { users },
  } = acme()
  const rows = await db
    .select({ email: users.email })
    .from(users)
    .where(eq(users.is_active, false))
    .orderBy(users.email)
  return rows.map(({ email }) => email)
}

function countUsers(): Promise<number> {
  return acme().db.$count(acme().tables.users)
}

function countInvitations(): Promise<number> {
  return acme().db.$count(acme().tables.invitations)
}
