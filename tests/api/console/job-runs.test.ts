import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Operator } from '../../support/data/operators.ts'
import { addOperator } from '../../support/data/operators.ts'
import type { Call } from '../../support/http.ts'
import { waitLimit } from '../../support/process/wait-limit.ts'
import type { World } from '../../support/world.ts'
import { api, createWorld, signInAs } from '../../support/world.ts'

let world: World
let owner: string
let support: Operator
let reader: Operator
beforeAll(async () => {
  world = await createWorld()
  owner = (await signInAs(world.console, world.console.admin)).access
  support = await addOperator(world, 'sam@example.com', 'Support')
  reader = await addOperator(world, 'rita@example.com', 'Staff')
})
afterAll(() => world.stop())

describe('a scheduled job', () => {
  test('is run now by an owner, recorded, and listed among the runs', async () => {
    await expect.poll(async () => (await call('jobs/', owner)).json.length, waitLimit).toBeGreaterThan(5)
    const before = await runsOf('verify-domains')
    // Its worker may not have started yet.
    await expect
      .poll(async () => {
        expect((await call('jobs/verify-domains/runs/', owner, { method: 'POST' })).status).toBe(202)
        return (await runsOf('verify-domains')).length
      }, waitLimit)
      .toBeGreaterThan(before.length)
    await expect
      .poll(async () => (await runsOf('verify-domains'))[0], waitLimit)
      .toMatchObject({ name: 'verify-domains', state: 'completed', error: null, finished: expect.any(String) })
    expect((await runsOf('clean-up')).every(({ name }) => name === 'clean-up')).toBe(true)
    const { results } = (await call('audit/?action=job.started', owner)).json
    expect(results[0]).toMatchObject({
      action: 'job.started',
      actor: world.console.admin.id,
      details: { name: 'verify-domains' },
    })
  })

  test('is not run by other operators, or under an unknown name', async () => {
    for (const { token } of [support, reader])
      expect((await call('jobs/clean-up/runs/', token, { method: 'POST' })).status).toBe(403)
    for (const name of ['none-of-ours', '__pgboss__send-it', "x' or true --"])
      expect((await call(`jobs/${encodeURIComponent(name)}/runs/`, owner, { method: 'POST' })).status).toBe(404)
    expect((await call('jobs/clean-up/runs/', undefined, { method: 'POST' })).status).toBe(401)
    expect((await call('jobs/runs/', reader.token)).status).toBe(200)
    const { access } = await signInAs(world.acme, world.acme.admin)
    expect((await world.acme.call(`${api}/jobs/runs/`, { token: access })).status).toBe(404)
    expect((await world.acme.call(`${api}/jobs/clean-up/runs/`, { method: 'POST', token: access })).status).toBe(404)
  })
})

interface Run {
  name: string
  state: string
}

async function runsOf(name: string): Promise<Run[]> {
  const { status, json } = await call(`jobs/runs/?name=${name}`, owner)
  expect(status).toBe(200)
  return json.results
}

function call(path: string, token?: string, options: Call = {}) {
  return world.console.call(`${api}/${path}`, { token, ...options })
}
