import type { AddressInfo } from 'node:net'
import cluster from 'node:cluster'
import { once } from 'node:events'
import { Server } from 'node:http'
import { toNodeListener } from 'h3'
import { useNitroApp } from 'nitropack/runtime'
import { describeError } from './database/errors.ts'
import { beginDraining, endDraining, untilDrained } from './draining.ts'
import { compressed } from './http/answer/compress.ts'
import { traceRequests } from './http/traces/trace-requests.ts'
import { log } from './log.ts'
import { processConfig } from './process-config.ts'
import { whileRunning } from './runtime.ts'

/** Milliseconds for running requests and background work to end at a shutdown. */
const shutdownLimit = 20_000
/** Milliseconds between two checks of how long requests have been arriving. */
const lookPause = 5_000
/** Milliseconds between two looks for connections that have become idle, at a shutdown. */
const closePause = 50

const { host, port, requestLimit, drainDelay, traces } = processConfig()
// Only where it is wanted, and before the first request.
const stopTracing = traces ? (await import('./tracing/open-telemetry.ts')).startTracing(log(), traces) : undefined
const nitro = useNitroApp()
const server = createServer(requestLimit * 1000)

for (const event of ['uncaughtException', 'unhandledRejection'] as const)
  process.on(event, (error: unknown) => log().error({ event: 'error_uncaught', err: describeError(error) }))
let isEnding: Promise<void> | undefined
for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.on(signal, () => (isEnding ? endDraining() : (isEnding = shutDown())))
// The supervisor of several workers waits for all of them.
process.on('message', message => message === 'drain' && drain())

let listening: Promise<void> | undefined
// A worker that replaces another, or follows the first, opens the port only when it can answer.
if (process.env.SERVE_WHEN !== 'ready') void listen()
whileRunning(() => {
  void listen().then(() => process.send?.('serving'))
  return () => Promise.resolve()
})

function createServer(limit: number): Server {
  const connectionsCheckingInterval = Math.min(lookPause, limit)
  // Code that reads a body reports itself that it took too long.
  const requestTimeout = limit + connectionsCheckingInterval
  const listener = traceRequests(compressed(toNodeListener(nitro.h3App)))
  return new Server({ headersTimeout: limit, requestTimeout, connectionsCheckingInterval }, listener)
}

/** Opens the port, once: in a worker that takes a while, because the supervisor does it. */
function listen(): Promise<void> {
  return (listening ??= openPort())
}

async function openPort(): Promise<void> {
  server.listen({ port, host })
  try {
    await once(server, 'listening')
  } catch (error) {
    log().fatal({ event: 'start_failed', reason: (error as Error).message })
    process.exit(1)
  }
  const { address, family, port: opened } = server.address() as AddressInfo
  const url = `http://${family === 'IPv6' ? `[${address}]` : address}:${opened}`
  log().info({ event: 'server_port_opened', url })
}

/** Requests are still answered, but each answer closes its connection, so that no new one gets lost in it. */
function drain(): void {
  beginDraining()
  server.prependListener('request', (_request, response) => (response.shouldKeepAlive = false))
}

/** Waits for load balancers, then ends the requests in progress, then the background work, then the process. */
async function shutDown(): Promise<void> {
  if (cluster.isPrimary && drainDelay > 0) {
    drain()
    await untilDrained(drainDelay)
  }
  setTimeout(() => process.exit(1), shutdownLimit)
  const idle = setInterval(() => server.closeIdleConnections(), closePause)
  await new Promise(resolve => server.close(resolve))
  clearInterval(idle)
  await nitro.hooks.callHook('close')
  await stopTracing?.()
  process.exit(0)
}
