import { createHmac, randomInt } from 'node:crypto'
import { and, eq, inArray, isNull } from 'drizzle-orm'
import type { Db, Realm } from '#server/database/realms.ts'
import type { App } from '#server/domain/context.ts'
import { markedId } from '#server/domain/secrets/pepper-marks.ts'

const codes = 10

// Crockford's base32: no letter looks like a digit.
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'
const length = 10

/**
 * Gives a user new recovery codes; the former ones are void.
 * @returns ten codes such as `x3k9p-7qm2d`, of 50 bits. Only their hashes are stored.
 */
export async function replaceRecoveryCodes(tx: Db, app: App, realm: Realm, userId: string): Promise<string[]> {
  const { recovery_codes: table } = realm.tables
  const created = new Date()
  const fresh = Array.from({ length: codes }, newCode)
  await tx.delete(table).where(eq(table.user_id, userId))
  const { current } = app.config.pepper
  const hashes = fresh.map(code => hashOf(current, realm, userId, code))
  await tx
    .insert(table)
    .values(hashes.map(code_hash => ({ id: markedId(current, code_hash), user_id: userId, code_hash, created })))
  return fresh.map(code => `${code.slice(0, length / 2)}-${code.slice(length / 2)}`)
}

/** Uses up a code. @returns whether it was one of the user's and unused */
export async function consumeRecoveryCode(
  tx: Db,
  app: App,
  realm: Realm,
  userId: string,
  code: string,
): Promise<boolean> {
  const { recovery_codes: table } = realm.tables
  const { current, fallback } = app.config.pepper
  const hashes = [current, ...(fallback ? [fallback] : [])].map(pepper =>
    hashOf(pepper, realm, userId, normalised(code)),
  )
  const isIt = and(eq(table.user_id, userId), inArray(table.code_hash, hashes))
  const used = await tx
    .update(table)
    .set({ used_at: new Date() })
    .where(and(isIt, isNull(table.used_at)))
    .returning({ id: table.id })
  return used.length > 0
}

/** @returns how many codes of a user are unused */
export function countRecoveryCodes(db: Db, { tables: { recovery_codes: table } }: Realm, userId: string) {
  return db.$count(table, and(eq(table.user_id, userId), isNull(table.used_at)))
}

function newCode(): string {
  return Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join('')
}

// As people type it: with any separators, and with letters that look like digits.
function normalised(code: string): string {
  return code.toLowerCase().replace(/[\s-]/g, '').replace(/o/g, '0').replace(/[il]/g, '1')
}

// The pepper makes a stolen table useless: 50 bits could be searched.
function hashOf(pepper: string, { schema }: Realm, userId: string, code: string): string {
  return createHmac('sha256', pepper).update(`recovery code\n${schema}\n${userId}\n${code}`).digest('base64url')
}
