import { eq } from 'drizzle-orm'
import type { Browser, BrowserContext, Page, Response } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Language } from '#shared/dates.ts'
import { fillSignIn, launchBrowser, open, openProfile, signInAt, visit } from '../support/browser/browser.ts'
import { textsIn } from '../support/browser/locale-texts.ts'
import type { World } from '../support/world.ts'
import { auth, createWorld, realmOf, signInAs } from '../support/world.ts'

let world: World
let browser: Browser
beforeAll(async () => {
  world = await createWorld({ ACCESS_TTL: '3600' })
  browser = await launchBrowser()
})
afterAll(() => world.stop())

describe('the language', () => {
  test.each([
    ['en-GB', 'en', 'ltr'],
    ['ar-EG', 'ar', 'rtl'],
    ['fr', 'en', 'ltr'],
  ] as const)("of a first visit is the browser's, %s, and leaves no cookie", async (locale, language, direction) => {
    const { context, complaints } = await openProfile(browser, { locale })
    const scripts: Promise<string>[] = []
    // Chromium also fetches scripts ahead, which nobody waits for.
    const textOf = (response: Response) => response.text().catch(() => '')
    context.on('response', response => response.url().endsWith('.js') && scripts.push(textOf(response)))
    const page = await open(context, world.acme, '/login')
    expect(await documentOf(page)).toEqual([language, direction])
    await page.getByRole('heading', { name: textsIn(language)('shell.sign_in.title') }).waitFor()
    expect(await context.cookies()).toEqual([])
    const has = async (spoken: Language) =>
      (await Promise.all(scripts)).some(script => script.includes(textsIn(spoken)('shell.sign_in.wrong')))
    expect([await has(language), await has(language === 'en' ? 'ar' : 'en')]).toEqual([true, false])
    expect(complaints).toEqual([])
    await context.close()
  })

  test('shows actions in words, not their code names', async () => {
    const { access: token } = await signInAs(world.acme, world.acme.staff)
    expect(
      (
        await world.acme.call(`${auth}/users/set_password/`, {
          token,
          body: { current_password: 'wrong', new_password: 'an unlikely row of words' },
        })
      ).status,
    ).toBe(400)
    const { context } = await openProfile(browser, { locale: 'ar' })
    for (const [place, path] of [
      [world.acme, '/audit'],
      [world.acme, `/people/${world.acme.staff.id}`],
      [world.console, '/audit'],
    ] as const) {
      const page = await context.newPage()
      await visit(page, place, path)
      if (new URL(page.url()).pathname === '/login') await fillSignIn(page, place.admin)
      await page.waitForURL(`${place.origin}${path}`)
      await page.getByRole('main').getByRole('listitem').last().waitFor()
      expect(await page.getByRole('main').innerText()).not.toMatch(/\b(?:session|user|tenant|operator)\.[a-z_]+/)
    }
    await context.close()
  })

  test('that is chosen stays, rendered on the server, and turns the page around', async () => {
    const { context, complaints } = await openProfile(browser, { locale: 'en-GB' })
    const page = await open(context, world.acme, '/login')
    await page.getByRole('button', { name: 'العربية' }).click()
    await page.getByRole('heading', { name: textsIn('ar')('shell.sign_in.title') }).waitFor()
    expect(await documentOf(page)).toEqual(['ar', 'rtl'])
    expect(await (await page.reload())!.text()).toMatch(/<html[^>]*dir="rtl"/)
    expect(await page.title()).toContain(textsIn('ar')('shell.sign_in.title'))
    expect(complaints).toEqual([])
    await context.close()
  })

  test('that a signed-in user chooses is stored in their account', async () => {
    const { context } = await openProfile(browser, { locale: 'en-GB' })
    const page = await signInAt(context, world.globex, world.globex.admin)
    await page
      .getByRole('button', { name: /ann@example\.com/ })
      .filter({ visible: true })
      .click()
    const kept = page.waitForRequest(
      request => request.method() === 'PATCH' && request.url().endsWith('/auth/users/me/'),
    )
    await page.getByRole('button', { name: 'العربية' }).click()
    expect((await kept).postDataJSON()).toEqual({ language: 'ar' })
    await page
      .getByRole('link', { name: textsIn('ar')('shell.nav.people') })
      .filter({ visible: true })
      .first()
      .click()
    await page.waitForURL('**/people')
    expect(await documentOf(page)).toEqual(['ar', 'rtl'])
    await context.close()
  })

  test('is also that of what the server says', async () => {
    const { context } = await openProfile(browser, { locale: 'ar' })
    const page = await open(context, world.acme, '/login')
    await page.getByRole('button', { name: textsIn('ar')('shell.sign_in.submit'), exact: true }).click()
    await page.getByText(serverText('This field may not be blank.')).first().waitFor()
    await context.close()
  })
})

describe('the command palette', () => {
  test('finds a person with the keyboard alone and opens their page', async () => {
    const { context, complaints } = await openProfile(browser)
    const page = await signInAt(context, world.acme, world.acme.admin, '/departments')
    await page.keyboard.press('Control+k')
    const field = page.getByRole('combobox')
    await field.waitFor()
    await page.keyboard.type('ben@')
    const option = page.getByRole('option', { name: /ben@example\.com/ })
    await option.waitFor()
    expect(await field.getAttribute('aria-activedescendant')).toBe(await option.getAttribute('id'))
    expect(await option.getAttribute('aria-selected')).toBe('true')
    await page.keyboard.press('Enter')
    await page.waitForURL(`**/people/${world.acme.staff.id}`)
    expect(await page.getByRole('dialog').count()).toBe(0)
    expect(complaints).toEqual([])
    await context.close()
  })

  test('moves with the arrows, round its end, and gives the focus back when it is closed', async () => {
    const { context } = await openProfile(browser)
    const page = await signInAt(context, world.acme, world.acme.admin)
    const button = page.getByRole('button', { name: 'Search…' })
    await button.focus()
    await page.keyboard.press('Enter')
    await page.getByRole('combobox').waitFor()
    const selected = page.locator('[aria-selected="true"]')
    expect(await selected.textContent()).toContain('Home')
    await page.keyboard.press('ArrowDown')
    expect(await selected.textContent()).toContain('People')
    await page.keyboard.press('ArrowUp')
    await page.keyboard.press('ArrowUp')
    expect(await selected.textContent()).toContain('Sign out')
    await page.keyboard.press('Escape')
    await page.getByRole('combobox').waitFor({ state: 'detached' })
    expect(await button.evaluate(element => element === document.activeElement)).toBe(true)
    await context.close()
  })

  test('offers what one may do and no more', async () => {
    const { context } = await openProfile(browser)
    const page = await signInAt(context, world.acme, world.acme.staff)
    await page.keyboard.press('Control+k')
    await page.getByRole('option', { name: 'Departments' }).waitFor()
    for (const name of ['Add person', 'Invite people', 'Import people', 'Add department', 'Audit log'])
      expect(await page.getByRole('option', { name }).count()).toBe(0)
    await page.keyboard.type('nobody at all')
    await page.getByText('No results for “nobody at all”.').waitFor()
    await page.getByRole('combobox').fill('sign out')
    await page.keyboard.press('Enter')
    await page.waitForURL('**/login**')
    await context.close()
  })

  test('opens what an Admin makes, over any page', async () => {
    const { context } = await openProfile(browser)
    const page = await signInAt(context, world.acme, world.acme.admin, '/people')
    await page.keyboard.press('Control+k')
    await page.getByRole('dialog').getByRole('combobox').fill('import')
    await page.keyboard.press('Enter')
    await page.waitForURL('**/people/import')
    await page.keyboard.press('Control+k')
    await page.getByRole('dialog').getByRole('combobox').fill('add department')
    await page.keyboard.press('Enter')
    await page.locator('dialog [name="name"]').fill('Made by keys')
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    const { access } = (await world.acme.call('/api/v1/auth/jwt/create/', { body: world.acme.admin })).json
    expect((await world.acme.call('/api/v1/departments/?search=keys', { token: access })).json.count).toBe(1)
    await context.close()
  })
})

describe('keys', () => {
  test("lead to pages and to the list's search, but not while one types", async () => {
    const { context } = await openProfile(browser)
    const page = await signInAt(context, world.acme, world.acme.admin)
    await page.keyboard.type('gp')
    await page.waitForURL('**/people')
    await page.getByText('ben@example.com').first().waitFor()
    await page.keyboard.press('/')
    const search = page.getByRole('searchbox')
    expect(await search.evaluate(element => element === document.activeElement)).toBe(true)
    await page.keyboard.type('gd?/')
    expect(await search.inputValue()).toBe('gd?/')
    expect(new URL(page.url()).pathname).toBe('/people')
    await context.close()
  })

  test('work on an Arabic keyboard too', async () => {
    const { context } = await openProfile(browser)
    const page = await signInAt(context, world.acme, world.acme.admin)
    await page.evaluate(() => {
      for (const [key, code] of [
        ['ل', 'KeyG'],
        ['ي', 'KeyD'],
      ])
        window.dispatchEvent(new KeyboardEvent('keydown', { key, code, bubbles: true }))
    })
    await page.waitForURL('**/departments')
    await context.close()
  })

  test('are listed at a question mark, where single ones can be turned off for good', async () => {
    const { context } = await openProfile(browser)
    const page = await signInAt(context, world.acme, world.acme.admin)
    await page.keyboard.press('?')
    await page.getByRole('heading', { name: 'Keyboard shortcuts' }).waitFor()
    await page.getByRole('checkbox').uncheck()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await page.reload({ waitUntil: 'networkidle' })
    await page.keyboard.type('gp?')
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox').waitFor()
    expect(new URL(page.url()).pathname).toBe('/')
    expect(await page.getByRole('dialog').count()).toBe(1)
    await context.close()
  })
})

describe.each(['en', 'ar'] as const)('unsaved input, in %s,', (language: Language) => {
  const say = textsIn(language)

  test('is asked about before its page is left', async () => {
    const { context } = await openProfile(browser)
    const page = await editStaff(context, language)
    await page
      .getByRole('link', { name: say('shell.nav.departments') })
      .filter({ visible: true })
      .click()
    await page.getByRole('heading', { name: say('shell.leave.title') }).waitFor()
    await page
      .getByRole('dialog')
      .getByRole('button', { name: say('common.cancel') })
      .click()
    expect(await page.locator('[name="first_name"]').inputValue()).toBe(`Typed in ${language}`)
    await page
      .getByRole('link', { name: say('shell.nav.departments') })
      .filter({ visible: true })
      .click()
    await page.getByRole('button', { name: say('shell.leave.action') }).click()
    await page.waitForURL('**/departments')
    await context.close()
  })

  test('is asked about before Escape takes it away with its dialog', async () => {
    const { context } = await openProfile(browser)
    const page = await editStaff(context, language)
    await page.keyboard.press('Control+k')
    await page.getByRole('dialog').getByRole('combobox').fill(say('shell.palette.add_department'))
    await page.keyboard.press('Enter')
    const dialog = page.getByRole('dialog', { name: say('departments.add') })
    await dialog.waitFor()
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })

    await page.keyboard.press('Control+k')
    await page.getByRole('dialog').getByRole('combobox').fill(say('shell.palette.add_department'))
    await page.keyboard.press('Enter')
    await dialog.locator('[name="name"]').fill('Half typed')
    await page.keyboard.press('Escape')
    const question = page.getByRole('dialog', { name: say('common.discard.title') })
    await question.getByRole('button', { name: say('common.cancel') }).click()
    expect(await dialog.locator('[name="name"]').inputValue()).toBe('Half typed')
    await page.keyboard.press('Escape')
    await question.getByRole('button', { name: say('common.discard.action') }).click()
    await dialog.waitFor({ state: 'detached' })
    await context.close()
  })

  test('survives the end of the session: the user signs in again, and saves it', async () => {
    const { context } = await openProfile(browser)
    const page = await editStaff(context, language)
    const {
      db,
      tables: { sessions },
    } = realmOf(world.app, world.acme).realm
    await db
      .update(sessions)
      .set({ revoked_at: new Date(), revoked_reason: 'revoked' })
      .where(eq(sessions.user_id, world.acme.admin.id))
    await page.locator('main form button[type="submit"]').first().click()
    await page.getByRole('heading', { name: say('shell.sign_in_again.title') }).waitFor()
    await page.locator('dialog input[type="password"]').fill('wrong')
    await page.keyboard.press('Enter')
    await page.getByText(say('shell.sign_in_again.wrong')).waitFor()
    await page.keyboard.press('Escape')
    await page
      .getByRole('dialog', { name: say('shell.leave.title') })
      .getByRole('button', { name: say('common.cancel') })
      .click()
    await page.locator('dialog input[type="password"]').fill(world.acme.admin.password)
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    expect(await page.locator('[name="first_name"]').inputValue()).toBe(`Typed in ${language}`)
    const saved = page.waitForResponse(response => response.request().method() === 'PATCH')
    await page.locator('main form button[type="submit"]').first().click()
    expect((await saved).status()).toBe(200)
    await context.close()
  })
})

/** Opens an Admin's page of a user, in a language, and types an unsaved name. */
async function editStaff(context: BrowserContext, language: Language): Promise<Page> {
  await context.addCookies([{ name: 'tenantry_locale', value: language, url: world.acme.origin }])
  const page = await signInAt(context, world.acme, world.acme.admin, `/people/${world.acme.staff.id}`)
  // Requests of the page must end before the session does.
  await page.waitForLoadState('networkidle')
  await page.getByRole('button', { name: textsIn(language)('common.edit'), exact: true }).click()
  await page.locator('[name="first_name"]').fill(`Typed in ${language}`)
  return page
}

function documentOf(page: Page): Promise<string[]> {
  return page.evaluate(() => [document.documentElement.lang, document.documentElement.dir])
}

function serverText(english: string): string {
  return (textsIn('ar')('server') as unknown as Record<string, string>)[english]!
}
