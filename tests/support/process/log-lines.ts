import { randomUUID } from 'node:crypto'
import { expect } from 'vitest'
import type { LogLine } from './server.ts'
import type { World } from '../world.ts'
import { auth } from '../world.ts'

/**
 * Waits for the log lines of all earlier requests, which arrive in order through their own pipe.
 * @param since the number of lines before
 */
export async function linesSince({ server, console }: World, since: number): Promise<LogLine[]> {
  const last = await console.call(`${auth}/jwt/create/`, {
    body: { email: `${randomUUID()}@example.com`, password: 'x' },
  })
  const find = () => server.log.findLastIndex(line => line.request_id === last.headers['x-request-id'])
  await expect.poll(find).toBeGreaterThanOrEqual(since)
  return server.log.slice(since, find())
}
