import { randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { loadConfig } from '#server/config.ts'
import { startBeside } from '../../support/process/second-server.ts'
import { createWorld } from '../../support/world.ts'

describe("the page of the API's reference", () => {
  test('exists where it is switched on, on every host, and nothing of it comes from elsewhere', async () => {
    const world = await createWorld({ API_DOCS: '1' })
    for (const host of [world.acme.host, world.globex.host, world.console.host, `localhost:${world.port}`]) {
      const { status, text, headers } = await world.call(host, '/api/docs')
      expect([status, headers['content-type']]).toEqual([200, 'text/html;charset=utf-8'])
      expect(headers['content-security-policy']).toMatch(/^default-src 'none'; script-src 'self'; /)
      expect(text).not.toContain('data-signed-in')
      for (const [, address] of text.matchAll(/(?:src|href)="([^"]*)"/g)) {
        expect(address).toMatch(/^\/\w/)
        expect((await world.call(host, address!)).status).toBe(200)
      }
    }
    expect((await world.call(`nobody.localhost:${world.port}`, '/api/docs')).status).toBe(404)
    const closed = await startBeside(world, { API_DOCS: '' })
    expect((await closed.at(world.acme, '/api/docs')).status).toBe(404)
    await closed.stop()
    await world.stop()
  })

  test.each([
    [{ NODE_ENV: 'production' }, false],
    [{ NODE_ENV: 'production', DEMO: '1' }, true],
    [{ NODE_ENV: 'development' }, true],
    [{ NODE_ENV: 'production', API_DOCS: '1' }, true],
    [{ NODE_ENV: 'development', API_DOCS: '0' }, false],
  ])('is there with %j: %s', (env, isThere) => {
    const secret = randomBytes(32).toString('base64url')
    const secrets = { SECRET: secret, PEPPER: secret, DATA_DIR: '/dev/null/none' }
    expect(loadConfig({ ...secrets, ...env }).apiDocs).toBe(isThere)
  })
})
