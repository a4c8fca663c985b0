import { sql } from 'drizzle-orm'
import { violatedUnique } from '#server/database/errors.ts'
import { newId } from '#server/database/ids.ts'
import type { Db } from '#server/database/realms.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import { currentSpan } from '#server/tracing/spans.ts'
import { conflict } from '#shared/errors.ts'
import type { OperationKind } from '#shared/operations.ts'
import { leaseEnd } from './lease.ts'
import { operationsChannel } from './operations.ts'

/**
 * Queues an operation in the transaction that causes it.
 * @param held leased at once, because the caller does the work itself with `runOperation`
 * @returns its id
 * @throws ApiError 409 while the tenant has another operation
 */
export async function enqueueOperation(
  tx: Db,
  { database: { platform } }: App,
  audit: AuditContext,
  { kind, tenant, input = {} }: { kind: OperationKind; tenant: string | null; input?: Record<string, unknown> },
  held = false,
): Promise<string> {
  const { operations } = platform.tables
  const id = newId()
  const lease_until = held ? leaseEnd : null
  await tx
    .insert(operations)
    .values({ id, kind, tenant, input, requested_by: audit.actor, created: new Date(), lease_until })
    .catch((error: unknown) => {
      throw violatedUnique(error) === 'operations_one_each'
        ? conflict('Another operation is under way on this organisation.', 'busy')
        : error
    })
  // Leads from the trace of a request to that of its operation.
  currentSpan()?.set({ 'tenantry.operation': id })
  if (!held) await tx.execute(sql`select pg_notify(${operationsChannel}, '')`)
  return id
}
