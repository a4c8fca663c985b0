import { subscribe as subscribeTo } from 'node:diagnostics_channel'
import { Server } from 'node:http'
import { defineNitroPlugin } from 'nitropack/runtime'
import { migrations } from '#migrations'
import type { Config } from '#server/config.ts'
import { loadConfig } from '#server/config.ts'
import { ConfigError } from '#server/config/error.ts'
import type { RunningApp } from '#server/create-app.ts'
import { createApp, createLogger } from '#server/create-app.ts'
import { reasonOf } from '#server/database/errors.ts'
import { bootstrapPlatform } from '#server/database/migrations/runner.ts'
import type { Subscription } from '#server/database/notifications.ts'
import { subscribe } from '#server/database/notifications.ts'
import { checkPooler, PoolerError } from '#server/database/pooler.ts'
import { createFleetRuns } from '#server/domain/platform/fleet-runs.ts'
import { createHostDirectory } from '#server/domain/tenants/hosts.ts'
import { tenantsChannel } from '#server/domain/tenants/tenants.ts'
import { createActivity } from '#server/domain/tenants/usage.ts'
import { ensureSigningKey } from '#server/domain/users/operators.ts'
import { log } from '#server/log.ts'
import { endRuntime, getRuntime, setRuntime } from '#server/runtime.ts'

const retryPause = 500
/** Milliseconds for the requests under way at a shutdown to end. */
const shutdownLimit = 20_000
/** Milliseconds between two looks at how long requests have been arriving. */
const lookPause = 5_000

/** Starts what every request needs. Until it stands, requests are answered 503 and /readyz says so. */
export default defineNitroPlugin(nitro => {
  requireNode()
  const config = requireConfig()
  // Nitro reads these when it starts to listen, which is after this.
  process.env.HOST ??= config.host
  process.env.NITRO_SHUTDOWN_TIMEOUT ??= String(shutdownLimit)
  limitRequestTime(config.requestLimit * 1000)
  process.on('uncaughtException', endWithoutPort)
  let app: RunningApp | undefined
  let subscription: Subscription | undefined
  let closing = false
  const started = start().catch((error: unknown) => {
    log().fatal({ event: 'start_failed', message: (error as Error).message })
    process.exit(1)
  })

  nitro.hooks.hook('close', async () => {
    closing = true
    await started
    await endRuntime()
    await subscription?.stop()
    await app?.close()
  })

  async function start(): Promise<void> {
    app = await createApp(config, log())
    await bootstrap(app)
    if (closing) return
    const isListening = () => subscription?.isUp() ?? false
    const hosts = createHostDirectory(config, app.database, { isAnnounced: isListening })
    subscription = subscribe(app, tenantsChannel, { onMessage: hosts.forget, onUp: () => hosts.forget() })
    setRuntime({
      app,
      migrations,
      hosts,
      activity: createActivity(app),
      fleetRuns: createFleetRuns(app, app.databaseUrl, migrations.tenant),
      isListening,
    })
    log().info({ event: 'started', port: config.port, base_domain: config.baseDomain })
  }

  // A database that is still starting is waited for; one that is wrong says so at each try.
  async function bootstrap(app: RunningApp): Promise<void> {
    while (!closing && !getRuntime()) {
      try {
        // Side by side, as everyone waits for it; what is wrong with a pooler explains the rest.
        const [pooler, platform] = await Promise.allSettled([
          config.databaseUrl ? checkPooler(config.databaseUrl, config.dbPrepare) : undefined,
          bootstrapPlatform(app.database, migrations.platform),
        ])
        if (pooler.status === 'rejected') throw pooler.reason
        if (platform.status === 'rejected') throw platform.reason
        return await ensureSigningKey(app)
      } catch (error) {
        if (error instanceof PoolerError) throw error
        log().warn({ event: 'waiting_for_database', message: reasonOf(error) })
        await new Promise(resolve => setTimeout(resolve, retryPause))
      }
    }
  }
})

// Nitro makes the server and keeps it to itself; node tells of it before it listens, the last moment to say how
// often to look.
function limitRequestTime(limit: number): void {
  subscribeTo('tracing:net.server.listen:asyncStart', message => {
    const { server } = message as { server: unknown }
    if (!(server instanceof Server)) return
    const pause = Math.min(lookPause, limit)
    // What reads a body says itself that it took too long.
    Object.assign(server, { headersTimeout: limit, requestTimeout: limit + pause, connectionsCheckingInterval: pause })
  })
}

// Nitro logs what nobody catches and goes on: as a server that nobody can reach, and that works on operations unseen.
function endWithoutPort(error: NodeJS.ErrnoException): void {
  if (error.syscall !== 'listen') return
  log().fatal({ event: 'start_failed', message: error.message })
  process.exit(1)
}

// An older one starts, and fails with the first body that is sent to it.
function requireNode(): void {
  const { node } = process.versions
  if (Number.parseInt(node) >= 24) return
  const message = `This is Node.js ${node}, and 24 is needed. The one that came with Tenantry is: npx node .output/server/index.mjs`
  createLogger('fatal').fatal({ event: 'node_too_old', message })
  process.exit(1)
}

function requireConfig(): Config {
  try {
    // A build that is run is a production, unless it is told otherwise.
    return loadConfig({
      ...process.env,
      NODE_ENV: process.env.NODE_ENV ?? (import.meta.dev ? 'development' : 'production'),
    })
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    // Whatever level is set: why it does not start must be seen.
    createLogger('fatal').fatal({ event: 'config_invalid', message: error.message })
    process.exit(1)
  }
}
