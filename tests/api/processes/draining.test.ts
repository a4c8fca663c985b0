import { Agent, request } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startBeside } from '../../support/process/second-server.ts'
import type { World } from '../../support/world.ts'
import { auth, createWorld, signInAs } from '../../support/world.ts'

let world: World
beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world.stop())

test.each(['1', '2'])(
  'a server of %s worker(s) that is told to end is not ready, but answers, until load balancers know',
  async workers => {
    const tokens = await Promise.all([world.acme, world.globex].map(place => signInAs(place, place.staff)))
    const server = await startBeside(world, { WORKERS: workers, DRAIN_DELAY: '300' })
    let hasEnded = false
    void server.stop().finally(() => (hasEnded = true))
    await expect.poll(async () => (await server.at(world.acme, '/readyz')).status, { interval: 20 }).toBe(503)
    for (let i = 0; i < 10; i++) {
      for (const [j, place] of [world.acme, world.globex].entries()) {
        const answer = await server.at(place, `${auth}/users/me/`, { token: tokens[j]!.access })
        expect([answer.status, answer.json.id]).toEqual([200, place.staff.id])
      }
    }
    expect((await server.at(world.acme, '/healthz')).status).toBe(200)
    expect(await connectionHeader(server.port)).toBe('close')
    expect(hasEnded).toBe(false)
    // Told again, it does not wait any longer.
    expect(await server.stop()).toBe(0)
  },
)

/** What a client that would keep its connection is told. */
function connectionHeader(port: number): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path: '/healthz', agent: new Agent({ keepAlive: true }) }, response => {
      response.resume()
      resolve(response.headers.connection)
    })
      .on('error', reject)
      .end()
  })
}
