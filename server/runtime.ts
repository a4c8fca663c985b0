import { unavailable } from '../shared/errors.ts'
import type { RunningApp } from './create-app.ts'
import type { HostDirectory } from './domain/hosts.ts'

export interface Runtime {
  app: RunningApp
  hosts: HostDirectory
}

let running: Runtime | undefined

/** Called once the database is there and the platform's schema is up to date. */
export function setRuntime(runtime: Runtime | undefined): void {
  running = runtime
}

export function getRuntime(): Runtime | undefined {
  return running
}

/** @throws ApiError 503 while the server is still starting */
export function requireRuntime(): Runtime {
  if (!running) throw unavailable()
  return running
}
