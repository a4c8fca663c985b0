import type { App } from '#server/domain/context.ts'
import { getOperation } from '#server/domain/operations/operations.ts'
import { presentOperation } from '#server/domain/operations/present.ts'

/** The body of a 202: the operation that was just queued. */
export async function presentQueued(app: App, id: string) {
  return presentOperation((await getOperation(app, id))!)
}
