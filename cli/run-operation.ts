import type { RunningApp } from '#server/create-app.ts'
import type { MigrationSets } from '#server/database/migrations/runner.ts'
import { runOperation } from '#server/domain/operations/runner.ts'
import { showSteps } from './progress.ts'

/**
 * Does the work in this process. It is cut off by an interrupt and then finished by a server, or by nobody until
 * one runs.
 */
export async function runToEnd<Result>(app: RunningApp, migrations: MigrationSets, id: string): Promise<Result> {
  const interrupted = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => interrupted.abort(new Error('Interrupted.')))
  const { state, result, error } = await runOperation(app, migrations, id, {
    onProgress: showSteps(),
    signal: interrupted.signal,
  })
  if (state === 'failed') throw new Error(error ?? 'Failed.')
  return result as Result
}
