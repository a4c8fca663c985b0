import { and, eq, sql } from 'drizzle-orm'
import type { Realm } from '#server/database/realms.ts'
import type { App } from '#server/domain/context.ts'
import type { Wrapped } from '#server/domain/lib/wrap.ts'
import { unwrap, wrap, wrappedWith } from '#server/domain/lib/wrap.ts'

/** How many values of a realm SECRET and SECRET_FALLBACK decrypt, and how many neither of them. */
export interface WrappedCounts {
  current: number
  fallback: number
  lost: number
}

interface WrappedValue {
  kind: Wrapped
  id: string
  wrapped: string
  context: string
}

/** Tries both secrets on the signing keys of a realm and on the secrets of its authenticator apps. One query. */
export async function countWrapped({ config }: App, realm: Realm): Promise<WrappedCounts> {
  const counts: WrappedCounts = { current: 0, fallback: 0, lost: 0 }
  for (const { wrapped, kind, context } of await readWrapped(realm))
    counts[wrappedWith(wrapped, config.secret, kind, context) ?? 'lost']++
  return counts
}

/**
 * Encrypts with SECRET what only SECRET_FALLBACK decrypts, value by value: it can be interrupted at any point, and
 * repeated.
 * @returns how many values it has encrypted again, and how many neither secret decrypts
 */
export async function rewrapRealm(app: App, realm: Realm): Promise<{ rewrapped: number; lost: number }> {
  const { secret } = app.config
  const result = { rewrapped: 0, lost: 0 }
  for (const value of await readWrapped(realm)) {
    const { wrapped, kind, context } = value
    const which = wrappedWith(wrapped, secret, kind, context)
    if (which === undefined) result.lost++
    if (which !== 'fallback') continue
    await replace(realm, value, wrap(unwrap(wrapped, secret, kind, context), secret, kind, context))
    result.rewrapped++
  }
  return result
}

async function readWrapped({ schema, db, tables: { signing_keys: keys, factors } }: Realm): Promise<WrappedValue[]> {
  const rows = await db.execute<{ is_key: boolean; id: string; wrapped: string }>(sql`
    select true as is_key, ${keys.kid} as id, ${keys.private_key} as wrapped from ${keys}
    union all select false, ${factors.id}::text, ${factors.secret} from ${factors} where ${factors.secret} is not null`)
  return rows.map(({ is_key, id, wrapped }) => ({
    kind: is_key ? 'tenantry signing keys' : 'tenantry second factors',
    id,
    wrapped,
    context: `${schema}:${id}`,
  }))
}

// Only if it is still the same: it may have been deleted or replaced meanwhile.
async function replace({ db, tables }: Realm, { kind, id, wrapped }: WrappedValue, renewed: string): Promise<void> {
  const { signing_keys: keys, factors } = tables
  if (kind === 'tenantry signing keys')
    await db
      .update(keys)
      .set({ private_key: renewed })
      .where(and(eq(keys.kid, id), eq(keys.private_key, wrapped)))
  else
    await db
      .update(factors)
      .set({ secret: renewed })
      .where(and(eq(factors.id, id), eq(factors.secret, wrapped)))
}
