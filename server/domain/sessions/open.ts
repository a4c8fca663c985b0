import { newId } from '#server/database/ids.ts'
import type { Db, Realm } from '#server/database/realms.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { App } from '#server/domain/context.ts'
import { mintAccess, mintRefresh } from './tokens/mint.ts'
import type { LiveSession } from './tokens/tokens.ts'

export interface TokenPair {
  access: { token: string; expires_at: Date }
  refresh: { token: string; expires_at: Date }
}

interface NewSession {
  ip: string | null
  user_agent: string | null
  /** How the user proved that it is them, as in RFC 8176; with a password by default. */
  amr?: string[]
  /** From when it may only be used to add a second factor. */
  enrol_from?: Date | null
}

/**
 * Inserts a new session, in the transaction of the sign-in; `mintPair` creates its tokens.
 * @param support the access by which an operator signs in as the user; the session ends with it
 */
export async function insertSession(
  tx: Db,
  app: App,
  { tables: { sessions } }: Realm,
  userId: string,
  { ip, user_agent, amr = ['pwd'], enrol_from }: NewSession,
  support?: { id: string; operator_email: string; is_read_only: boolean; expires_at: Date },
): Promise<LiveSession> {
  const now = new Date()
  const session = {
    id: newId(),
    user_id: userId,
    counter: 0,
    rotated_at: now,
    authenticated_at: now,
    amr,
    expires_at: support?.expires_at ?? new Date(now.getTime() + app.config.ttl.session * 1000),
  }
  await tx.insert(sessions).values({
    ...session,
    created: now,
    ip,
    user_agent: user_agent?.slice(0, 400),
    enrol_from,
    support_access: support?.id,
    support_operator: support?.operator_email,
    is_read_only: support?.is_read_only,
  })
  return session
}

/** @returns the session's current refresh token, and a new access token */
export async function mintPair(app: App, authRealm: AuthRealm, session: LiveSession): Promise<TokenPair> {
  const [access, refresh] = await Promise.all([
    mintAccess(app, authRealm, session, new Date()),
    mintRefresh(app, authRealm, session),
  ])
  return { access, refresh }
}
