import { and, desc, eq, gt } from 'drizzle-orm'
import { newId } from '#server/database/ids.ts'
import type { Db, Realm } from '#server/database/realms.ts'
import { hashOf, newToken } from '#server/domain/sessions/one-time-links.ts'
import { notFound } from '#shared/errors.ts'

/** Seconds for which a remembered browser needs no second factor. */
const deviceLife = 30 * 24 * 60 * 60

/** A browser that is remembered: the value of its cookie. */
export interface RememberedDevice {
  token: string
  expires_at: Date
}

/** Remembers a browser of a user, in the transaction of its sign-in. */
export async function rememberDevice(
  tx: Db,
  { tables: { devices } }: Realm,
  userId: string,
  client: { ip: string | null; user_agent: string | null },
): Promise<RememberedDevice> {
  const now = new Date()
  const device = { token: newToken(), expires_at: new Date(now.getTime() + deviceLife * 1000) }
  await tx.insert(devices).values({
    id: newId(),
    user_id: userId,
    token_hash: hashOf(device.token),
    created: now,
    last_used: now,
    expires_at: device.expires_at,
    ip: client.ip,
    user_agent: client.user_agent?.slice(0, 400),
  })
  return device
}

/** @returns whether the token is of a browser that is remembered for this user; notes that it was used */
export async function isRemembered(
  { db, tables: { devices } }: Realm,
  userId: string,
  token: string,
): Promise<boolean> {
  const isIt = and(eq(devices.token_hash, hashOf(token)), eq(devices.user_id, userId))
  const rows = await db
    .update(devices)
    .set({ last_used: new Date() })
    .where(and(isIt, gt(devices.expires_at, new Date())))
    .returning({ id: devices.id })
  return rows.length > 0
}

/** The remembered browsers of a user, the last used first. */
export function listDevices({ db, tables: { devices } }: Realm, userId: string) {
  const { id, created, last_used, expires_at, user_agent, ip } = devices
  return db
    .select({ id, created, last_used, expires_at, user_agent, ip })
    .from(devices)
    .where(and(eq(devices.user_id, userId), gt(expires_at, new Date())))
    .orderBy(desc(last_used), id)
}

/** Forgets all remembered browsers of a user, in the transaction that causes it. */
export async function forgetDevices(tx: Db, { tables: { devices } }: Realm, userId: string): Promise<number> {
  const gone = await tx.delete(devices).where(eq(devices.user_id, userId)).returning({ id: devices.id })
  return gone.length
}

/** Forgets one. @throws ApiError 404 */
export async function forgetDevice(tx: Db, { tables: { devices } }: Realm, userId: string, id: string): Promise<void> {
  const gone = await tx
    .delete(devices)
    .where(and(eq(devices.id, id), eq(devices.user_id, userId)))
    .returning({ id: devices.id })
  if (gone.length === 0) throw notFound()
}
