import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launchBrowser, openProfile } from '../support/browser/browser.ts'
import type { World } from '../support/world.ts'
import { createWorld } from '../support/world.ts'

let world: World
let browser: Browser
beforeAll(async () => {
  world = await createWorld()
  browser = await launchBrowser()
})
afterAll(() => world.stop())

test('a first visit to the sign-in page transfers at most 150 kB', async () => {
  const { context, complaints } = await openProfile(browser)
  const page = await context.newPage()
  const network = await context.newCDPSession(page)
  await network.send('Network.enable')
  const urls = new Map<string, string>()
  const sizes: Record<string, number> = {}
  network.on('Network.requestWillBeSent', ({ requestId, request }) => urls.set(requestId, request.url))
  network.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    sizes[urls.get(requestId) ?? requestId] = encodedDataLength
  })
  await page.goto(`${world.acme.origin}/login`, { waitUntil: 'networkidle' })
  // All files arrived, not only the page.
  expect(Object.keys(sizes).filter(url => url.endsWith('.woff2'))).toHaveLength(1)
  const total = Object.values(sizes).reduce((sum, size) => sum + size, 0)
  expect(total, JSON.stringify(sizes, undefined, 2)).toBeLessThanOrEqual(150_000)
  expect(complaints).toEqual([])
  await context.close()
})
