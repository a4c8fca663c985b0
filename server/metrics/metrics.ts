import type { H3Event } from 'h3'
import { collectDefaultMetrics, Counter, Histogram, Registry } from 'prom-client'
import type { RunningApp } from '#server/create-app.ts'
import { methodNameOf, routePatternOf } from '#server/http/route/route-pattern.ts'
import { addDatabaseGauges } from './database-gauges.ts'
import { addProcessGauges } from './process-gauges.ts'

/** What this process counts, for Prometheus. Its labels have few values, and never a tenant or a user. */
export interface Metrics {
  registry: Registry
  /** Counts an answered request. @param seconds from its first byte to its answer */
  countRequest(event: H3Event, status: number, seconds: number): void
}

const buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

export function createMetrics(app: RunningApp, newestMigration: string): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const requests = new Counter({
    name: 'tenantry_requests_total',
    help: 'Answered requests.',
    labelNames: ['surface', 'method', 'route', 'status'],
    registers,
  })
  const durations = new Histogram({
    name: 'tenantry_request_seconds',
    help: 'How long requests took.',
    labelNames: ['surface', 'route'],
    buckets,
    registers,
  })
  const outcomes = new Counter({
    name: 'tenantry_outcomes_total',
    help: 'Sign-ins, refreshes and limits, by outcome.',
    labelNames: ['kind', 'outcome'],
    registers,
  })
  app.observer.count = (kind, outcome) => outcomes.inc({ kind, outcome })
  addProcessGauges(registry, app)
  addDatabaseGauges(registry, app, newestMigration)
  return {
    registry,
    countRequest(event, status, seconds) {
      const surface = event.context.tenancy?.surface ?? 'none'
      const route = routePatternOf(event)
      requests.inc({ surface, method: methodNameOf(event), route, status })
      durations.observe({ surface, route }, seconds)
    },
  }
}
