import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type postgres from 'postgres'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { RunningApp } from '#server/create-app.ts'
import { loadMigrations } from '#server/database/migrations/files.ts'
import { fromSystem } from '#server/domain/context.ts'
import { enqueueOperation } from '#server/domain/operations/enqueue.ts'
import { operationWork } from '#server/domain/operations/kinds.ts'
import { claimOperation, finishOperation, renewOperation } from '#server/domain/operations/lease.ts'
import { getOperation } from '#server/domain/operations/operations.ts'
import { runOperation, startOperations } from '#server/domain/operations/runner.ts'
import type { OperationWork } from '#server/domain/operations/work.ts'
import type { Worker } from '#server/domain/operations/worker.ts'
import { unavailable } from '#shared/errors.ts'
import type { Workbench } from '../../support/process/workbench.ts'
import { createWorkbench } from '../../support/process/workbench.ts'

const migrations = { platform: loadMigrations('.', 'platform'), tenant: loadMigrations('.', 'tenant') }
const usual = { ...operationWork }
let workbench: Workbench
let app: RunningApp
let sql: postgres.Sql

beforeAll(async () => {
  workbench = await createWorkbench()
  app = workbench.app
  sql = workbench.sql
})
afterAll(async () => {
  Object.assign(operationWork, usual)
  await workbench.close()
})
beforeEach(() => sql`delete from platform.operations`)

describe('an operation', () => {
  test('is done in the background, and has a result', async () => {
    work(async (_app, { input }, report) => {
      report.begin('Counting', 3)
      for (let i = 0; i < 3; i++) report.advance()
      return { name: input.name }
    })
    const id = await enqueue({ name: 'x' })
    await withRunner(async () => {
      await expect.poll(() => stateOf(id)).toBe('done')
    })
    expect(await getOperation(app, id)).toMatchObject({
      result: { name: 'x' },
      done: 3,
      total: 3,
      error: null,
      attempts: 1,
    })
  })

  test('of a transaction that is rolled back does not exist', async () => {
    await expect(
      app.database.platform.transaction(async tx => {
        await enqueueOperation(tx, app, fromSystem, { kind: 'clone', tenant: null })
        throw new Error('no')
      }),
    ).rejects.toThrow('no')
    expect(await sql`select id from platform.operations`).toEqual([])
  })

  test('that fails has an error, and is not tried again', async () => {
    let tries = 0
    work(async () => {
      tries++
      throw new Error('The file is not there.')
    })
    const operation = await runOperation(app, migrations, await enqueue())
    expect(operation).toMatchObject({ state: 'failed', error: 'The file is not there.' })
    expect(tries).toBe(1)
  })

  test('that failed because of the database is tried again', async () => {
    let tries = 0
    work(async () => {
      if (++tries === 1) throw unavailable()
      return {}
    })
    expect(await runOperation(app, migrations, await enqueue())).toMatchObject({ state: 'done', error: null })
    expect(tries).toBe(2)
  })

  test('is worked on by one process alone, however many there are', async () => {
    let running = 0
    let most = 0
    const done: string[] = []
    work(async (_app, { id }) => {
      most = Math.max(most, ++running)
      await sleep(20)
      running--
      done.push(id)
      return {}
    })
    const ids: string[] = []
    for (let i = 0; i < 8; i++) ids.push(await enqueue())
    const runners = Array.from({ length: 3 }, () => startOperations(app, migrations))
    runners.forEach(runner => runner.wake())
    await expect.poll(() => done.length).toBe(8)
    await Promise.all(runners.map(runner => runner.stop()))
    expect(done.sort()).toEqual(ids.sort())
    expect(most).toBeLessThanOrEqual(3)
  })

  test('on a tenant that has another under way is refused', async () => {
    const tenant = randomUUID()
    await enqueue({}, tenant)
    await expect(enqueue({}, tenant)).rejects.toMatchObject({ status: 409, body: { code: 'busy' } })
    await enqueue({}, randomUUID())
  })
})

describe('a process that dies while it works on an operation', () => {
  test('is followed by another when its lease has expired, and not before; its own results are ignored', async () => {
    const id = await enqueue()
    const dead = (await claimOperation(app, { kinds: ['clone'] }))!
    expect(await claimOperation(app, { kinds: ['clone'] })).toBeUndefined()
    await expireLease()
    const next = (await claimOperation(app, { kinds: ['clone'] }))!
    expect(next).toMatchObject({ id, attempts: 2 })
    expect(await renewOperation(app, dead, { step: 'Late', done: 0, total: 0 })).toBe(false)
    await finishOperation(app, dead, { who: 'dead' })
    await finishOperation(app, next, { who: 'next' })
    expect((await getOperation(app, id))!.result).toEqual({ who: 'next' })
  })

  test('repeatedly, because of the operation, is not followed by another after the last attempt', async () => {
    let tries = 0
    work(async () => {
      tries++
      return {}
    })
    const id = await enqueue()
    for (let i = 0; i < 5; i++) {
      expect(await claimOperation(app, { kinds: ['clone'] })).toBeDefined()
      await expireLease()
    }
    expect(await runOperation(app, migrations, id)).toMatchObject({
      state: 'failed',
      error: expect.stringContaining('Given up'),
    })
    expect(tries).toBe(0)
  })
})

describe('a process that is told to stop', () => {
  test('releases its operation at its next report, at once and without counting the attempt', async () => {
    let tries = 0
    work(async (_app, _operation, report) => {
      if (++tries > 1) return {}
      for (;;) {
        report.begin('Waiting')
        await sleep(10)
      }
    })
    const id = await enqueue()
    await withRunner(() => expect.poll(() => stateOf(id)).toBe('running'))
    expect(await getOperation(app, id)).toMatchObject({ state: 'queued', attempts: 0 })
    expect(await runOperation(app, migrations, id)).toMatchObject({ state: 'done' })
  })
})

describe('an operation that is held for its caller', () => {
  test('is not claimed by another process meanwhile, and by any process when its caller has ended', async () => {
    const id = await app.database.platform.transaction(tx =>
      enqueueOperation(tx, app, fromSystem, { kind: 'clone', tenant: null }, true),
    )
    expect(await claimOperation(app, { kinds: ['clone'] })).toBeUndefined()
    await expireLease()
    expect(await claimOperation(app, { kinds: ['clone'] })).toMatchObject({ id })
  })

  test('reports its progress', async () => {
    work(async (_app, _operation, report) => {
      report.begin('Copying', 2)
      report.advance(2)
      return {}
    })
    const seen: unknown[] = []
    await runOperation(app, migrations, await enqueue(), {
      onProgress: ({ step, done, total }) => seen.push([step, done, total]),
    })
    expect(seen).toContainEqual(['Copying', 2, 2])
  })
})

function work(perform: OperationWork): void {
  operationWork.clone = perform
}

function enqueue(input = {}, tenant: string | null = null): Promise<string> {
  return app.database.platform.transaction(tx =>
    enqueueOperation(tx, app, fromSystem, { kind: 'clone', tenant, input }),
  )
}

async function withRunner(task: (runner: Worker) => Promise<unknown>): Promise<void> {
  const runner = startOperations(app, migrations)
  runner.wake()
  await task(runner)
  await runner.stop()
}

async function stateOf(id: string) {
  return (await getOperation(app, id))?.state
}

function expireLease() {
  return sql`update platform.operations set lease_until = now() - interval '1 second' where lease_until is not null`
}
