import type { Options, Sql } from 'postgres'
import { connectDatabase } from './driver.ts'

export interface Subscription {
  /** True while every notification reaches us. */
  isUp(): boolean
  stop(): Promise<void>
}

const retryPause = 250
const heartbeat = 5_000

/**
 * Listens on a channel for as long as the process lives, over lost connections too.
 * @param onUp called each time that listening begins: whatever was missed before must be assumed changed
 */
export function subscribe(url: string, channel: string, handlers: { onMessage: (payload: string) => void, onUp: () => void }): Subscription {
  let up = false
  let stopped = false
  let timer: NodeJS.Timeout | undefined
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
    const next = connectDatabase(url, {
      max: 1,
      connect_timeout: 2,
      idle_timeout: 0,
      max_lifetime: null,
      fetch_types: false,
      onnotice: () => {},
      onnotify: (_channel: string, payload: string) => handlers.onMessage(payload),
      onclose: () => restart(next),
      connection: { application_name: 'tenantry-listen' },
    } as Options<Record<string, never>>)
    next.unsafe(`listen "${channel}"`).then(() => {
      if (stopped || next !== client) return
      up = true
      handlers.onUp()
      beat(next)
    }, () => restart(next))
    return next
  }

  // A connection whose other end has vanished says nothing; only an answer proves that it lives.
  function beat(current: Sql): void {
    timer = setTimeout(async () => {
      const answered = await Promise.race([
        current.unsafe('select 1').then(() => true, () => false),
        new Promise<boolean>(resolve => setTimeout(resolve, 2_000, false).unref()),
      ])
      if (answered && !stopped) beat(current)
      else restart(current)
    }, heartbeat)
    timer.unref()
  }

  function restart(lost: Sql): void {
    if (stopped || lost !== client) return
    up = false
    client = undefined
    clearTimeout(timer)
    lost.end({ timeout: 0 }).catch(() => {})
    timer = setTimeout(() => {
      client = connect()
    }, retryPause)
  }
}
