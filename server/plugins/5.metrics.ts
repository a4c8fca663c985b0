import cluster from 'node:cluster'
import { defineNitroPlugin } from 'nitropack/runtime'
import { log } from '#server/log.ts'
import { whileRunning } from '#server/runtime.ts'

/**
 * With METRICS_PORT, counts what this process does. A worker reports to its supervisor, which has the port; a process
 * without one opens it by itself.
 */
export default defineNitroPlugin(() => {
  whileRunning(runtime => {
    const { host, metricsPort: port } = runtime.app.config
    if (port === undefined) return () => Promise.resolve()
    const serving = start()
    return async () => void (await serving)?.close()

    async function start() {
      const [{ createMetrics }, { serveMetrics, urlOf }, { AggregatorRegistry }] = await Promise.all([
        import('#server/metrics/metrics.ts'),
        import('#server/metrics/listener.ts'),
        import('prom-client'),
      ])
      const { registry, countRequest } = createMetrics(runtime.app, runtime.migrations.tenant.at(-1)!.name)
      runtime.metrics = { registry, countRequest }
      if (cluster.isWorker) {
        AggregatorRegistry.setRegistries(registry)
        // It answers the supervisor from now on.
        return void new AggregatorRegistry()
      }
      const read = async () => ({ type: registry.contentType, text: await registry.metrics() })
      const server = await serveMetrics({ host, port: port! }, read)
      log().info({ event: 'metrics_port_opened', url: urlOf(server) })
      return server
    }
  })
})
