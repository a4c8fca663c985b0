import { rm } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Operation } from '../../support/fuzz/document.ts'
import { readOperations } from '../../support/fuzz/document.ts'
import type { FuzzRequest } from '../../support/fuzz/requests.ts'
import { requestsTo } from '../../support/fuzz/requests.ts'
import type { Round } from '../../support/fuzz/rounds.ts'
import { createRound } from '../../support/fuzz/rounds.ts'
import type { Answer } from '../../support/http.ts'
import { forgetSent } from '../../support/log-oracle.ts'
import { inLanes } from '../../support/lanes.ts'
import type { Setting } from '../../support/matrix/setting.ts'
import { createSetting } from '../../support/matrix/setting.ts'
import { volume } from '../../support/volume.ts'

/** Requests to each operation in a round; then callers and objects are created anew. */
const perRound = 2
const rounds = Number(process.env.FUZZ_ROUNDS ?? volume(3, 65))
/** The same requests each time, unless it is a long run. */
const seed = Number(process.env.FUZZ_SEED ?? volume(1, Date.now() % 2 ** 31))
/** Milliseconds after which a request hangs. */
const patience = 60_000

const timeout = 3 * 60 * 60_000

const surfaces = ['site', 'portal', 'console'] as const
// What ends a caller's account or session comes last.
const operations = surfaces.flatMap(readOperations).sort((a, b) => Number(isDelete(a)) - Number(isDelete(b)))

let setting: Setting
beforeAll(async () => {
  setting = await createSetting()
})
afterAll(async () => {
  await setting.sql.end()
  // A password of one request is the path of another.
  forgetSent(setting.world.port)
  await setting.world.stop()
  await rm(setting.archiveDir, { recursive: true })
})

test('whatever a request to a documented operation contains, its answer is documented', { timeout }, async () => {
  const faults = new Map<string, string>()
  const statuses: Record<number, number> = {}
  const succeeded = new Set<string>()
  for (let i = 0; i < rounds; i++) {
    const round = await createRound(setting)
    const requests = operations.flatMap((operation, place) => {
      const arbitrary = requestsTo(operation, round.material[operation.surface])
      const samples = fc.sample(arbitrary, { numRuns: perRound, seed: seed + i * operations.length + place })
      return samples.map(request => ({ operation, request }))
    })
    await inLanes(8, requests, async ({ operation, request }) => {
      for (const answer of await sendTwice(round, operation, request)) {
        if ('status' in answer) statuses[answer.status] = (statuses[answer.status] ?? 0) + 1
        if ('status' in answer && answer.status < 300) succeeded.add(`${operation.surface} ${operation.name}`)
        const fault = answer instanceof Error ? lossOf(answer) : faultOf(operation, request, answer)
        if (fault) faults.set(`${operation.name}: ${fault}`, shown(request))
      }
    })
  }
  if (rounds > 10)
    console.log({ seed, statuses, faults: faults.size, succeeded: succeeded.size, of: operations.length })
  expect(Object.fromEntries(faults)).toEqual({})
  // Else it would prove nothing: many requests got past the checks.
  expect(succeeded.size).toBeGreaterThan(operations.length / 3)
})

/** Sends a request, and now and then the same one at the same time. @returns an error for no answer */
function sendTwice(round: Round, operation: Operation, request: FuzzRequest): Promise<(Answer | Error)[]> {
  const copies = request.path.length % 8 === 0 ? 2 : 1
  return Promise.all(
    Array.from({ length: copies }, () =>
      Promise.race([
        round.send(operation, request).catch((error: Error) => error),
        sleep(patience, new Error('no answer'), { ref: false }),
      ]),
    ),
  )
}

function faultOf(operation: Operation, { body }: FuzzRequest, answer: Answer): string | undefined {
  // To a body that the operation does not take.
  const isOfBody = answer.status === 413 || answer.status === 415
  if (isOfBody && body !== undefined && !operation.body) return undefined
  if (answer.status >= 500 && answer.status !== 503) return `${answer.status} ${answer.text.slice(0, 300)}`
  return operation.faultOf(answer)
}

/** A download ends when its caller loses the right to it, here by another request. */
function lossOf({ message }: Error): string | undefined {
  const line = setting.world.server.log.findLast(({ event }) => event === 'download_aborted')
  const reason = String(line?.reason)
  if (message === 'aborted' && /^(?:User not found|User is inactive|Session has ended)/.test(reason)) return undefined
  return `${message}: ${reason}`
}

function isDelete({ method }: Operation): boolean {
  return method === 'DELETE'
}

function shown({ path, body, caller, headers }: FuzzRequest): string {
  return JSON.stringify({ caller, path, body: body instanceof Uint8Array ? [...body] : body, headers }).slice(0, 1_000)
}
