import { and, eq, gt, isNull } from 'drizzle-orm'
import type { App } from '#server/domain/context.ts'
import { hashOf, newToken } from '#server/domain/sessions/one-time-links.ts'

/** Seconds for which a sign-up can be confirmed. */
export const signupLife = 3 * 24 * 60 * 60

/**
 * Creates the link that confirms a sign-up when its mail is sent, so a token is never stored.
 * @returns undefined if the sign-up is confirmed or has expired
 */
export async function issueSignupLink(
  { config, database }: App,
  id: string,
): Promise<{ link: string; name: string } | undefined> {
  const {
    db,
    tables: { signups },
  } = database.platform
  const token = newToken()
  const rows = await db
    .update(signups)
    .set({ token_hash: hashOf(token) })
    .where(and(eq(signups.id, id), isNull(signups.confirmed_at), gt(signups.expires_at, new Date())))
    .returning({ name: signups.name })
  return rows[0] && { ...rows[0], link: `${config.originOf(config.baseDomain)}/signup/confirm/${token}` }
}
