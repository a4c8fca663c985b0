import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import type { Options, Sql } from 'postgres'
import { connectDatabase } from './driver.ts'
import type { Database } from './realms.ts'

export interface Subscription {
  /** True while notifications arrive: the last heartbeat came back. */
  isUp(): boolean
  stop(): Promise<void>
}

export interface Handlers {
  onMessage: (payload: string) => void
  /**
   * Called when notifications begin to arrive again. Earlier ones may have been missed, so everything must be assumed
   * changed.
   */
  onUp: () => void
}

const heartbeat = 3_000
/** Milliseconds until a heartbeat must have come back. */
const heartbeatLimit = 2_000
/** Milliseconds for the answer to LISTEN, including the connection. */
const answerLimit = 5_000
const firstPause = 250
const longestPause = 4_000
const beatPrefix = 'beat '

/**
 * Listens on a channel for as long as the process lives, and reconnects.
 *
 * An open connection is no proof: a pooler may have dropped the LISTEN. So each heartbeat is a notification to
 * ourselves. It is sent on another connection, because PostgreSQL delivers a connection's own notifications at once.
 * @param app sends the notifications, and has the URL of the listening connection
 */
export function subscribe(
  app: { database: Database; databaseUrl: string },
  channel: string,
  handlers: Handlers,
): Subscription {
  let up = false
  let stopped = false
  let pause = firstPause
  let timer: NodeJS.Timeout | undefined
  let awaited: { payload: string; arrive: (isThere: true) => void } | undefined
  let client: Sql | undefined = connect()

  return {
    isUp: () => up,
    async stop() {
      stopped = true
      clearTimeout(timer)
      await client?.end({ timeout: 0 })
    },
  }

  function connect() {
    const next = connectDatabase(app.databaseUrl, {
      max: 1,
      connect_timeout: 2,
      idle_timeout: 0,
      max_lifetime: null,
      fetch_types: false,
      onnotice: () => {},
      onnotify: (_channel: string, payload: string) => receive(payload),
      onclose: () => restart(next),
      connection: { application_name: 'tenantry-listen' },
    } as Options<Record<string, never>>)
    const silence = sleep(answerLimit, undefined, { ref: false }).then(() => Promise.reject(new Error('No answer.')))
    Promise.race([next.unsafe(`listen "${channel}"`), silence]).then(
      () => beat(next),
      () => restart(next),
    )
    return next
  }

  function receive(payload: string): void {
    if (!payload.startsWith(beatPrefix)) handlers.onMessage(payload)
    else if (payload === awaited?.payload) awaited.arrive(true)
  }

  async function beat(current: Sql): Promise<void> {
    // If the database is too busy to send, that says nothing about this connection.
    const proof = await sendToOurselves().catch(() => 'unsent' as const)
    if (stopped || current !== client) return
    if (proof === 'lost') return restart(current)
    const wasUp = up
    up = proof === 'arrived'
    if (up && !wasUp) {
      pause = firstPause
      handlers.onUp()
    }
    timer = setTimeout(beat, heartbeat, current)
    timer.unref()
  }

  async function sendToOurselves(): Promise<'arrived' | 'lost'> {
    const payload = `${beatPrefix}${randomUUID()}`
    const arrival = new Promise<true>(arrive => (awaited = { payload, arrive }))
    await app.database.platform.db.execute(sql`select pg_notify(${channel}, ${payload})`)
    return (await Promise.race([arrival, sleep(heartbeatLimit, false, { ref: false })])) ? 'arrived' : 'lost'
  }

  function restart(lost: Sql): void {
    if (stopped || lost !== client) return
    up = false
    client = undefined
    clearTimeout(timer)
    lost.end({ timeout: 0 }).catch(() => {})
    timer = setTimeout(() => {
      client = connect()
    }, pause)
    pause = Math.min(pause * 2, longestPause)
  }
}
