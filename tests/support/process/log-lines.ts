import { randomUUID } from 'node:crypto'
import { expect } from 'vitest'
import type { LogLine } from './server.ts'
import type { World } from '../world.ts'
import { auth } from '../world.ts'

/**
 * Waits until the lines of all that has been answered are here: they come by a pipe of their own, in their order.
 * @param since how many there were before
 */
export async function linesSince({ server, console }: World, since: number): Promise<LogLine[]> {
  const last = await console.call(`${auth}/jwt/create/`, {
    body: { email: `${randomUUID()}@example.com`, password: 'x' },
  })
  const find = () => server.log.findLastIndex(line => line.request_id === last.headers['x-request-id'])
  await expect.poll(find).toBeGreaterThanOrEqual(since)
  return server.log.slice(since, find())
}
