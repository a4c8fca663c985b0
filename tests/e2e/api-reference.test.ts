import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { launchBrowser, openProfile, signInAt } from '../support/browser/browser.ts'
import type { World } from '../support/world.ts'
import { createWorld } from '../support/world.ts'

let world: World
let browser: Browser
beforeAll(async () => {
  world = await createWorld({ API_DOCS: '1' })
  browser = await launchBrowser()
})
afterAll(() => world.stop())

describe("the API's reference", () => {
  test('calls an operation as the signed-in user, also after the access token has expired', async () => {
    const { context, complaints } = await openProfile(browser)
    const page = await signInAt(context, world.acme, world.acme.staff)
    await page.goto(`${world.acme.origin}/api/docs`)
    const operation = page.locator('.opblock').filter({ hasText: 'Get the own account' })
    await operation.locator('.opblock-summary-control').click()
    await operation.getByRole('button', { name: 'Try it out' }).click()
    const answer = operation.locator('.live-responses-table')
    for (const isExpired of [false, true]) {
      const cookies = await context.cookies()
      await context.clearCookies()
      await context.addCookies(cookies.filter(({ name }) => !isExpired || name !== 'tenantry_access'))
      await operation.getByRole('button', { name: 'Execute', exact: true }).click()
      await answer.getByText(`"${world.acme.staff.id}"`).waitFor()
      await operation.getByRole('button', { name: 'Clear' }).click()
      await answer.waitFor({ state: 'detached' })
    }
    expect(complaints.filter(complaint => !complaint.includes('status of 401'))).toEqual([])
    await context.close()
  })

  test('describes the host on which it is, and asks nothing of a service elsewhere', async () => {
    const { context, complaints } = await openProfile(browser)
    const asked: string[] = []
    context.on('request', request => asked.push(new URL(request.url()).host))
    const page = await context.newPage()
    await page.goto(`${world.console.origin}/api/docs`)
    await page.getByText('Tenantry: the console').waitFor()
    expect(await page.locator('.opblock').filter({ hasText: '/api/v1/tenants/' }).count()).toBeGreaterThan(5)
    expect(new Set(asked)).toEqual(new Set([world.console.host]))
    expect(complaints).toEqual([])
    await context.close()
  })
})
