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

interface State {
  app: { database: Database; databaseUrl: string }
  channel: string
  handlers: Handlers
  /** The listening connection, where there is one. */
  client: Sql | undefined
  up: boolean
  stopped: boolean
  pause: number
  timer: NodeJS.Timeout | undefined
  /** The heartbeat that is on its way. */
  awaited: { payload: string; arrive: (isThere: true) => void } | undefined
}

/**
 * Listens on a channel for as long as the process lives, and reconnects.
 *
 * An open connection is no proof: a pooler may have dropped the LISTEN. So each heartbeat is a notification to
 * ourselves. It is sent on another connection, because PostgreSQL delivers a connection's own notifications at once.
 * @param app sends the notifications, and has the URL of the listening connection
 */
export function subscribe(app: State['app'], channel: string, handlers: Handlers): Subscription {
  const state: State = {
    app,
    channel,
    handlers,
    client: undefined,
    up: false,
    stopped: false,
    pause: firstPause,
    timer: undefined,
    awaited: undefined,
  }
  connect(state)
  return { isUp: () => state.up, stop: () => stop(state) }
}

async function stop(state: State): Promise<void> {
  state.stopped = true
  clearTimeout(state.timer)
  await state.client?.end({ timeout: 0 })
}

function connect(state: State): void {
  const client = connectDatabase(state.app.databaseUrl, {
    max: 1,
    connect_timeout: 2,
    idle_timeout: 0,
    max_lifetime: null,
    fetch_types: false,
    onnotice: () => {},
    onnotify: (_channel: string, payload: string) => receive(state, payload),
    onclose: () => restart(state, client),
    connection: { application_name: 'tenantry-listen' },
  } as Options<Record<string, never>>)
  state.client = client
  listen(client, state.channel).then(
    () => beat(state, client),
    () => restart(state, client),
  )
}

function listen(client: Sql, channel: string): Promise<unknown> {
  const silence = sleep(answerLimit, undefined, { ref: false }).then(() => Promise.reject(new Error('No answer.')))
  return Promise.race([client.unsafe(`listen "${channel}"`), silence])
}

function receive({ awaited, handlers }: State, payload: string): void {
  if (!payload.startsWith(beatPrefix)) handlers.onMessage(payload)
  else if (payload === awaited?.payload) awaited.arrive(true)
}

async function beat(state: State, client: Sql): Promise<void> {
  // If the database is too busy to send, that says nothing about this connection.
  const proof = await sendToOurselves(state).catch(() => 'unsent' as const)
  if (state.stopped || client !== state.client) return
  if (proof === 'lost') return restart(state, client)
  const wasUp = state.up
  state.up = proof === 'arrived'
  if (state.up && !wasUp) {
    state.pause = firstPause
    state.handlers.onUp()
  }
  state.timer = setTimeout(beat, heartbeat, state, client)
  state.timer.unref()
}

async function sendToOurselves(state: State): Promise<'arrived' | 'lost'> {
  const payload = `${beatPrefix}${randomUUID()}`
  const arrival = new Promise<true>(arrive => (state.awaited = { payload, arrive }))
  await state.app.database.platform.db.execute(sql`select pg_notify(${state.channel}, ${payload})`)
  return (await Promise.race([arrival, sleep(heartbeatLimit, false, { ref: false })])) ? 'arrived' : 'lost'
}

function restart(state: State, lost: Sql): void {
  if (state.stopped || lost !== state.client) return
  state.up = false
  state.client = undefined
  clearTimeout(state.timer)
  lost.end({ timeout: 0 }).catch(() => {})
  state.timer = setTimeout(connect, state.pause, state)
  state.pause = Math.min(state.pause * 2, longestPause)
}
