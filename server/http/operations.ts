import type { App } from '../domain/app.ts'
import { getOperation } from '../domain/operations.ts'
import { presentOperation } from './present.ts'

/** What a 202 answers: the operation that was just queued. */
export async function presentQueued(app: App, id: string) {
  const operation = await getOperation(app, id)
  return operation && presentOperation(operation)
}
