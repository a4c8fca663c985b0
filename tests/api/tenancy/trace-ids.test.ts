import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { linesSince } from '../../support/process/log-lines.ts'
import type { LogLine } from '../../support/process/server.ts'
import { sendRaw } from '../../support/raw-http.ts'
import type { Place, World } from '../../support/world.ts'
import { auth, createWorld } from '../../support/world.ts'

const trace = '4bf92f3577b34da6a3ce929d0e0e4736'
const parent = '00f067aa0ba902b7'

let world: World
beforeAll(async () => {
  world = await createWorld({}, { processes: 1 })
})
afterAll(() => world.stop())

describe('the log names the trace of a request', () => {
  test.each([
    `00-${trace}-${parent}-01`,
    `00-${trace}-${parent}-00`,
    `01-${trace}-${parent}-01`,
    `cc-${trace}-${parent}-01-what-the-future-will-bring`,
  ])('%s', async traceparent => {
    for (const place of [world.acme, world.globex, world.console])
      expect(await refusedWith(place, { traceparent })).toMatchObject([{ event: 'sign_in_failed', trace_id: trace }])
  })

  test.each([
    '',
    trace,
    `00-${trace}-${parent}`,
    `00-${trace}-${parent}-01-more`,
    `00-${trace}-${parent}-01,00-${trace}-${parent}-01`,
    `00-${trace.toUpperCase()}-${parent}-01`,
    `00-${'0'.repeat(32)}-${parent}-01`,
    `00-${trace}-${'0'.repeat(16)}-01`,
    `00-${trace.slice(1)}-${parent}-01`,
    `ff-${trace}-${parent}-01`,
    `cc-${trace}-${parent}-01.more`,
    `00-${trace}-${parent}-1`,
    `00-${trace}-${parent}-01"}`,
  ])('but not where the header is malformed: %s', async traceparent => {
    const [line] = await refusedWith(world.acme, { traceparent })
    expect(line).toMatchObject({ event: 'sign_in_failed' })
    expect(line).not.toHaveProperty('trace_id')
  })

  test('but not where the header is sent twice, or not at all', async () => {
    const body = JSON.stringify({ email: `${randomUUID()}@example.com`, password: 'x' })
    const since = world.server.log.length
    await sendRaw(
      world.port,
      [
        `POST ${auth}/jwt/create/ HTTP/1.1`,
        `Host: ${world.acme.host}`,
        `traceparent: 00-${trace}-${parent}-01`,
        `traceparent: 00-${trace}-${parent}-01`,
        'Content-Type: application/json',
        `Content-Length: ${body.length}`,
      ],
      body,
    )
    const lines = [...(await linesSince(world, since)), ...(await refusedWith(world.acme, {}))]
    expect(lines.map(({ event }) => event)).toEqual(['sign_in_failed', 'sign_in_failed'])
    for (const line of lines) expect(line).not.toHaveProperty('trace_id')
  })
})

/** Signs in with a wrong password. @returns what is logged */
async function refusedWith(place: Place, headers: Record<string, string>): Promise<LogLine[]> {
  const since = world.server.log.length
  await place.call(`${auth}/jwt/create/`, { body: { email: `${randomUUID()}@example.com`, password: 'x' }, headers })
  return linesSince(world, since)
}
