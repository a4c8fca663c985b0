import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { SlotsOptions } from '#server/database/slots/options.ts'
import { createSlots } from '#server/database/slots/slots.ts'
import { createChangingTables, trafficWhileTablesChange } from '../../support/database/changing-tables.ts'
import { hasPgBouncer, startPgBouncer } from '../../support/database/pgbouncer.ts'
import { hasPostgres15, startPostgres15 } from '../../support/database/postgres15.ts'
import { volume } from '../../support/volume.ts'
import { createTestDatabase } from '../../support/world.ts'

const transactionMode = {
  pool_mode: 'transaction',
  default_pool_size: 2,
  ignore_startup_parameters: 'statement_timeout,lock_timeout,idle_in_transaction_session_timeout',
}

describe('while every table changes, answers belong to their statements', () => {
  test.each([1, 2, 8])('on PostgreSQL 18, with %i slots', async size =>
    expectOwnAnswers(await createTestDatabase(), { size }),
  )

  describe.runIf(hasPostgres15)('on PostgreSQL 15', () => {
    let database: Awaited<ReturnType<typeof startPostgres15>>
    beforeAll(async () => (database = await startPostgres15()))
    afterAll(() => database.stop())

    test.each([1, 2, 8])('with %i slots', size => expectOwnAnswers(database.url, { size }))
  })

  describe.runIf(hasPgBouncer)('through a PgBouncer with two connections for all', () => {
    test.each([1, 2, 8])('in transaction mode, with %i slots and nothing prepared', async size => {
      const url = await createTestDatabase()
      const bouncer = await startPgBouncer(url, transactionMode)
      await expectOwnAnswers(url, { size, prepare: false }, bouncer.url)
      await bouncer.stop()
    })
  })
})

async function expectOwnAnswers(url: string, options: SlotsOptions, through = url): Promise<void> {
  const schemas = await createChangingTables(url, volume(4, 8))
  const slots = createSlots(through, options)
  const { reads, writes } = await trafficWhileTablesChange(slots, url, schemas)
  expect(Math.min(reads, writes)).toBeGreaterThan(schemas.length)
  expect(slots.inspect()).toMatchObject({ size: options.size, busy: 0, waiting: 0, mismatched: 0 })
  await slots.end()
}
