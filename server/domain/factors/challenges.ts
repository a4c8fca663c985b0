import { and, eq, gt, lt, sql } from 'drizzle-orm'
import { newId } from '#server/database/ids.ts'
import type { Db, Realm } from '#server/database/realms.ts'
import { hashOf } from '#server/domain/sessions/one-time-links.ts'

export type ChallengePurpose = 'sign_in' | 'registration' | 'reauthentication'

/** Seconds for which a challenge can be answered. */
export const challengeLife = 5 * 60

/** Wrong answers after which a challenge is void. */
const triesLimit = 5

/**
 * Opens a challenge, in the caller's transaction.
 * @param token names the challenge; only its hash is stored
 * @param bound.webauthn what a passkey has to sign
 * @param bound.session the only session that may answer it; it replaces that session's former challenge
 */
export async function openChallenge(
  tx: Db,
  { tables: { challenges } }: Realm,
  userId: string,
  purpose: ChallengePurpose,
  token: string,
  bound: { webauthn?: string; session?: string } = {},
): Promise<void> {
  const created = new Date()
  if (bound.session)
    await tx.delete(challenges).where(and(eq(challenges.session_id, bound.session), eq(challenges.purpose, purpose)))
  await tx.insert(challenges).values({
    id: newId(),
    user_id: userId,
    purpose,
    token_hash: hashOf(token),
    webauthn: bound.webauthn,
    session_id: bound.session,
    created,
    expires_at: new Date(created.getTime() + challengeLife * 1000),
  })
}

/** Finds the user of a challenge of a sign-in that can still be answered. */
export async function findChallenged(
  { db, tables: { challenges, users } }: Realm,
  token: string,
): Promise<{ id: string; email: string } | undefined> {
  const rows = await db
    .select({ id: users.id, email: users.email })
    .from(challenges)
    .innerJoin(users, eq(users.id, challenges.user_id))
    .where(isOpen(challenges, 'sign_in', eq(challenges.token_hash, hashOf(token))))
  return rows[0]
}

/** Locks a challenge of a sign-in. @returns undefined if it cannot be answered any more */
export function lockSignInChallenge(tx: Db, realm: Realm, token: string) {
  const { challenges } = realm.tables
  return lockChallenge(tx, realm, isOpen(challenges, 'sign_in', eq(challenges.token_hash, hashOf(token))))
}

/** Locks the challenge of a session. @returns undefined if there is none that can be answered */
export function lockSessionChallenge(tx: Db, realm: Realm, sessionId: string, purpose: ChallengePurpose) {
  const { challenges } = realm.tables
  return lockChallenge(tx, realm, isOpen(challenges, purpose, eq(challenges.session_id, sessionId)))
}

async function lockChallenge(tx: Db, { tables: { challenges } }: Realm, where: ReturnType<typeof isOpen>) {
  const { id, user_id, webauthn } = challenges
  const rows = await tx.select({ id, user_id, webauthn }).from(challenges).where(where).for('update')
  return rows[0]
}

function isOpen(challenges: Realm['tables']['challenges'], purpose: ChallengePurpose, which: ReturnType<typeof eq>) {
  return and(
    which,
    eq(challenges.purpose, purpose),
    gt(challenges.expires_at, new Date()),
    lt(challenges.tries, triesLimit),
  )
}

/** Counts a wrong answer. */
export async function countTry(tx: Db, { tables: { challenges } }: Realm, id: string): Promise<void> {
  await tx
    .update(challenges)
    .set({ tries: sql`${challenges.tries} + 1` })
    .where(eq(challenges.id, id))
}

/** Sets what a passkey has to sign to answer a challenge of a sign-in. */
export async function expectSignature(
  tx: Db,
  { tables: { challenges } }: Realm,
  id: string,
  webauthn: string,
): Promise<void> {
  await tx.update(challenges).set({ webauthn }).where(eq(challenges.id, id))
}

/** Ends an answered challenge. */
export async function closeChallenge(tx: Db, { tables: { challenges } }: Realm, id: string): Promise<void> {
  await tx.delete(challenges).where(eq(challenges.id, id))
}

/** Voids every open challenge of a user: what they could answer with has changed. */
export async function voidChallenges(tx: Db, { tables: { challenges } }: Realm, userId: string): Promise<void> {
  await tx.delete(challenges).where(and(eq(challenges.user_id, userId), sql`purpose <> 'used'`))
}
