import { setTimeout as sleep } from 'node:timers/promises'
import type postgres from 'postgres'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { hold } from '../../support/database/hold.ts'
import type { Rig } from '../../support/faults/rig.ts'
import { createRig, underTraffic } from '../../support/faults/rig.ts'
import type { Call } from '../../support/http.ts'
import { call } from '../../support/http.ts'
import { isLong, volume } from '../../support/volume.ts'

let rig: Rig
let sql: postgres.Sql
beforeAll(async () => {
  rig = await createRig()
  sql = rig.connect()
})
afterAll(async () => {
  await sql.end()
  await rig.remove()
})

/** Faults that other tests already cause in `npm test`; here they are counted. */
const longTest = test.runIf(isLong)

describe('a network to PostgreSQL', () => {
  test('that is slow, 200 ms each way: requests are answered, also if 503', async () => {
    await underTraffic(rig, 'latency of 200 ms each way', async traffic => {
      rig.proxy.latency = 200
      await traffic.answers(volume(20, 200))
      rig.proxy.latency = 0
    })
  })

  test('whose other end has vanished without a FIN: the server finds that out, and connects again', async () => {
    for (let i = 0; i < volume(1, 5); i++) {
      await underTraffic(rig, 'half-open connections', async traffic => {
        rig.proxy.vanish()
        await traffic.answers(volume(10, 100))
      })
    }
  })

  test('that swallows all bytes: requests are answered 503, and the server recovers', async () => {
    for (let i = 0; i < volume(1, 5); i++) {
      await underTraffic(rig, `black hole for ${volume(1, 10)} s`, async traffic => {
        rig.proxy.swallow()
        await Promise.all([traffic.answers(volume(5, 50)), sleep(volume(1, 10) * 1_000)])
        rig.proxy.restore()
      })
    }
  })
})

describe('a PostgreSQL', () => {
  longTest('that is gone for ten seconds', async () => {
    await underTraffic(rig, 'PostgreSQL gone for 10 s', async traffic => {
      await rig.cluster.crash('SIGINT')
      await Promise.all([traffic.answers(20), sleep(10_000)])
      await rig.cluster.start()
    })
  })

  test('that restarts, after a shutdown or a crash', async () => {
    for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
      await underTraffic(rig, `${volume(1, 10)} restarts with ${signal}`, async traffic => {
        for (let i = 0; i < volume(1, 10); i++) {
          await rig.cluster.crash(signal)
          await rig.cluster.start()
          await traffic.answers(20)
        }
      })
    }
  })

  longTest('whose backends are terminated', async () => {
    await underTraffic(rig, 'backends terminated 100 times', async traffic => {
      for (let i = 0; i < 100; i++) {
        await terminateBackends()
        await traffic.answers(10)
      }
    })
  })

  test('without a free connection', async () => {
    await underTraffic(rig, 'no connection free', async traffic => {
      await limitConnections(0)
      await traffic.answers(volume(10, 200))
      await freeConnections()
    })
  })

  test('with fewer connections than DB_SLOTS: what gets one is served', async () => {
    await underTraffic(rig, 'two connections for four slots', async traffic => {
      await limitConnections(2)
      await traffic.successes(volume(20, 400))
      await freeConnections()
    })
  })

  longTest('in which one tenant has a locked table', async () => {
    await underTraffic(rig, 'a locked table', async traffic => {
      const lock = await hold(sql, tx => tx`lock table ${tx(rig.tenants[0]!.schema)}.users in access exclusive mode`)
      await traffic.successes(500)
      await lock.release()
    })
  })
})

describe('a server', () => {
  longTest('that is killed under writes', async () => {
    await underTraffic(rig, 'kill -9 of the server, 5 times', async traffic => {
      for (let i = 0; i < 5; i++) {
        await rig.replaceServer()
        await traffic.successes(50)
      }
    })
  })

  test('of two, that is killed: the other one serves all tenants', async () => {
    const second = await rig.addServer()
    let isKilled = false
    let turn = 0
    const send = (...request: [host: string, path: string, options?: Call]) =>
      call(turn++ % 2 === 0 && !isKilled ? second.port : rig.server.port, ...request)
    await underTraffic(
      rig,
      'two servers, one of them killed',
      async traffic => {
        await second.stop('SIGKILL')
        await traffic.answers(volume(5, 50))
        isKilled = true
      },
      send,
    )
  })
})

async function terminateBackends(): Promise<void> {
  await sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'tenantry%' and application_name <> 'tenantry-hold'`
}

/** Takes the connections of the server away. @param left how many it may have from now on */
async function limitConnections(left: number): Promise<void> {
  const [row] = await sql`
    select count(*)::int as others from pg_stat_activity
    where datname = current_database() and application_name <> 'tenantry'`
  await sql.unsafe(`alter database tenantry connection limit ${Number(row!.others) + left}`)
  await sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'tenantry'`
}

async function freeConnections(): Promise<void> {
  await sql`alter database tenantry connection limit -1`
}
