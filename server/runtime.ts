import { unavailable } from '#shared/errors.ts'
import type { RunningApp } from './create-app.ts'
import type { MigrationSets } from './database/migrations/runner.ts'
import type { HostDirectory } from './domain/tenants/hosts.ts'
import type { Metrics } from './metrics/metrics.ts'
import type { Activity } from './domain/tenants/usage.ts'

export interface Runtime {
  app: RunningApp
  /** The migrations of this program. */
  migrations: MigrationSets
  hosts: HostDirectory
  activity: Activity
  /** Only with METRICS_PORT. */
  metrics?: Metrics
  /** Whether this process currently receives announcements of tenant changes. */
  isListening: () => boolean
}

type Stop = () => Promise<unknown>

let running: Runtime | undefined
const companions: ((runtime: Runtime) => Stop)[] = []
let stops: Stop[] = []

/** Called when the database is available and the platform's schema is up to date. */
export function setRuntime(runtime: Runtime): void {
  running = runtime
  stops = companions.map(start => start(runtime))
}

/** Stops the background work; the database must still be available. */
export async function endRuntime(): Promise<void> {
  running = undefined
  await Promise.all(stops.splice(0).map(stop => stop()))
}

/** Starts something with the runtime, or now if that runs already, and stops it before the database closes. */
export function whileRunning(start: (runtime: Runtime) => Stop): void {
  companions.push(start)
  if (running) stops.push(start(running))
}

export function getRuntime(): Runtime | undefined {
  return running
}

/** @throws ApiError 503 while the server is still starting */
export function requireRuntime(): Runtime {
  if (!running) throw unavailable()
  return running
}
