import { once } from 'node:events'
import { startNode, stop } from './processes.ts'

/** One request, as it is sent again and again. */
export interface LoadRequest {
  method: 'GET' | 'POST'
  path: string
  headers: Record<string, string>
  /** The body of a refresh: the token of the first one. Each later one sends the token that it was answered. */
  refresh?: string
}

export interface Job {
  port: number
  /** The server's process, whose processor time is read. */
  pid: number
  connections: number
  /** Seconds at least before the measurement. */
  warmUp: number
  /** How often each request is answered before it, at least; once by default. */
  turns?: number
  seconds: number
  /** Whether each request must be answered once again in the measurement, even if that takes longer. */
  isWholeTurn?: boolean
  requests: LoadRequest[]
}

export interface Measured {
  /** Answers per second. */
  rate: number
  /** Processor time of the server for each answer, in microseconds. */
  cpu: number
  /** Processor time of the server for each second, in seconds: 1 is one full core. */
  used: number
  /** Milliseconds. */
  p50: number
  p99: number
  /** Of an answer, with its headers. */
  bytes: number
  /** Requests that were not answered 200. */
  errors: number
}

export interface Generator {
  run(job: Job): Promise<Measured>
  stop(): Promise<void>
}

/** Starts the load generator, a process on the same cores as this one. */
export function startGenerator(): Generator {
  const child = startNode(['bench/generator.ts'], ['ignore', 'inherit', 'inherit', 'ipc'])
  const ended = once(child, 'exit').then(() => Promise.reject(new Error('The load generator ended.')))
  ended.catch(() => {})
  return {
    async run(job) {
      child.send(job)
      const [measured] = (await Promise.race([once(child, 'message'), ended])) as [Measured]
      return measured
    },
    stop: () => stop(child),
  }
}
