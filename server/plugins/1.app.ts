import { defineNitroPlugin } from 'nitropack/runtime'
import { migrations } from '#migrations'
import type { Config } from '#server/config.ts'
import { version } from '#server/config/version.ts'
import type { RunningApp } from '#server/create-app.ts'
import { createApp } from '#server/create-app.ts'
import { failureOf, MigrationError } from '#server/database/migrations/error.ts'
import { bootstrapPlatform, requireCompatible } from '#server/database/migrations/runner.ts'
import type { Subscription } from '#server/database/notifications.ts'
import { subscribe } from '#server/database/notifications.ts'
import { checkPooler, PoolerError } from '#server/database/pooler.ts'
import type { Latecomers } from '#server/domain/migrations/latecomers.ts'
import { watchLatecomers } from '#server/domain/migrations/latecomers.ts'
import { countTenantsBehind } from '#server/domain/migrations/status.ts'
import { createHostDirectory } from '#server/domain/tenants/hosts.ts'
import { tenantsChannel } from '#server/domain/tenants/tenants.ts'
import { createActivity } from '#server/domain/tenants/usage.ts'
import { ensureSigningKey } from '#server/domain/users/operators.ts'
import { log } from '#server/log.ts'
import { createLogger } from '#server/logger.ts'
import { processConfig } from '#server/process-config.ts'
import { endRuntime, getRuntime, setRuntime } from '#server/runtime.ts'

const retryPause = 500
/** Milliseconds between two looks whether the organisations are migrated. */
const migrationPause = 1_000
const attemptsPerWarning = 60

/** Creates what every request needs. Until that is done, requests are answered 503, and so is /readyz. */
export default defineNitroPlugin(nitro => {
  requireNode()
  const config = processConfig()
  const server: Server = { config, app: undefined, subscription: undefined, latecomers: undefined, closing: false }
  const started = start(server).catch((error: unknown) => {
    log().fatal({ event: 'start_failed', reason: (error as Error).message })
    process.exit(1)
  })
  nitro.hooks.hook('close', async () => {
    server.closing = true
    await started
    await endRuntime()
    await server.latecomers?.stop()
    await server.subscription?.stop()
    await server.app?.close()
  })
})

interface Server {
  config: Config
  app: RunningApp | undefined
  subscription: Subscription | undefined
  latecomers: Latecomers | undefined
  closing: boolean
}

async function start(server: Server): Promise<void> {
  const { config } = server
  const app = (server.app = await createApp(config, log()))
  await bootstrap(server, app)
  if (server.closing) return
  const isListening = () => server.subscription?.isUp() ?? false
  server.latecomers = watchLatecomers(app, migrations.tenant)
  const hosts = createHostDirectory(config, app.database, {
    migrations: migrations.tenant,
    onBehind: server.latecomers.meet,
    isAnnounced: isListening,
  })
  server.subscription = subscribe(app, tenantsChannel, { onMessage: hosts.forget, onUp: () => hosts.forget() })
  const activity = createActivity(app)
  setRuntime({ app, migrations, hosts, activity, isListening })
  warnOfPlainHttp(config)
  log().info({ event: 'server_started', version, port: config.port, base_domain: config.baseDomain })
}

function warnOfPlainHttp({ production, protocol, host }: Config): void {
  if (!production || protocol === 'https' || /^(?:127\.|::1$|localhost$)/.test(host)) return
  const reason = `SITE_PROTOCOL is http, and HOST is ${host}: passwords and cookies cross the network unencrypted.`
  log().warn({ event: 'plain_http_served', reason })
}

// Waits for a database that is still starting. Every failed attempt is logged.
async function bootstrap(server: Server, app: RunningApp): Promise<void> {
  for (let attempt = 1; !server.closing && !getRuntime(); attempt++) {
    try {
      await requireDatabase(app)
      await untilMigrated(server, app)
      return await ensureSigningKey(app)
    } catch (error) {
      if (error instanceof PoolerError || error instanceof MigrationError) throw error
      log().warn({ event: 'database_bootstrap_failed', attempt, reason: failureOf(error) })
      await new Promise(resolve => setTimeout(resolve, retryPause))
    }
  }
}

/**
 * Waits as long as most organisations cannot be served, because this version was started before they were migrated to
 * it. Meanwhile the version before goes on: behind a balancer, or in the supervisor that waits for this worker.
 */
async function untilMigrated(server: Server, { database }: RunningApp): Promise<void> {
  for (let attempt = 0; !server.closing; attempt++) {
    const { behind, total } = await countTenantsBehind(database.platform, migrations.tenant)
    if (behind * 2 <= total) return
    if (attempt % attemptsPerWarning === 0) log().warn({ event: 'migrations_awaited', behind, total })
    await new Promise(resolve => setTimeout(resolve, migrationPause))
  }
}

async function requireDatabase({ config, database }: RunningApp): Promise<void> {
  // In parallel, as the start waits for both; a pooler's problem explains the other error.
  const [pooler, platform] = await Promise.allSettled([
    config.databaseUrl ? checkPooler(config.databaseUrl, config.dbPrepare) : undefined,
    bootstrapPlatform(database, migrations.platform).then(() => requireCompatible(database, migrations)),
  ])
  if (pooler.status === 'rejected') throw pooler.reason
  if (platform.status === 'rejected') throw platform.reason
}

// An older version starts, and fails with the first request body.
function requireNode(): void {
  const { node } = process.versions
  if (Number.parseInt(node) >= 24) return
  const reason = `This is Node.js ${node}, and 24 is needed. The one that came with Tenantry is: npx node .output/server/index.mjs`
  createLogger('fatal').fatal({ event: 'node_version_rejected', reason })
  process.exit(1)
}
