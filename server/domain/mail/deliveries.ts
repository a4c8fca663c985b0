import { and, desc, eq, inArray } from 'drizzle-orm'
import type { App } from '#server/domain/context.ts'
import type { Delivery } from '#shared/answers/fields.ts'
import type { MailKind } from './kinds.ts'
import { outbox } from './outbox.ts'

/**
 * Finds what became of the last mail of some kinds to each address, for the Admin who caused it.
 * @param realm id of the tenant
 * @returns by address; without an entry for an address that got no such mail
 */
export async function latestDeliveries(
  { database: { platform } }: App,
  realm: string,
  addresses: string[],
  kinds: MailKind[],
): Promise<Map<string, Delivery>> {
  if (addresses.length === 0) return new Map()
  const { recipient, created, attempts, last_error, sent_at, given_up_at } = outbox
  const rows = await platform.db
    .selectDistinctOn([recipient], { recipient, attempts, last_error, sent_at, given_up_at })
    .from(outbox)
    .where(and(eq(outbox.realm, realm), inArray(recipient, addresses), inArray(outbox.kind, kinds)))
    .orderBy(recipient, desc(created))
  return new Map(rows.map(row => [row.recipient, deliveryOf(row)]))
}

type Row = Pick<typeof outbox.$inferSelect, 'attempts' | 'last_error' | 'sent_at' | 'given_up_at'>

function deliveryOf({ last_error, sent_at, given_up_at }: Row): Delivery {
  if (sent_at) return { state: 'sent', reason: null }
  if (given_up_at) return { state: 'failed', reason: refusalOf(last_error) }
  return { state: last_error ? 'delayed' : 'queued', reason: null }
}

/** What the recipient's mail server said. Other errors are about our own, which only operators see. */
function refusalOf(error: string | null): string | null {
  return /\b5\d\d\b.*/s.exec(error ?? '')?.[0] ?? null
}
