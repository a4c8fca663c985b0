import { and, desc, eq, gt, isNull } from 'drizzle-orm'
import type { Realm } from '#server/database/realms.ts'
import { matchesSearch } from '#server/domain/lib/search.ts'
import type { Window } from '#server/domain/lib/window.ts'
import { readWindow } from '#server/domain/lib/window.ts'
import { supportedBy } from '#server/domain/support/sessions.ts'

/** A user's live sessions, newest first. */
export function listSessions(realm: Realm, user: string, search: string, window: Window) {
  const { sessions } = realm.tables
  const where = and(
    eq(sessions.user_id, user),
    isNull(sessions.revoked_at),
    gt(sessions.expires_at, new Date()),
    matchesSearch(search, [sessions.ip, sessions.user_agent]),
  )
  return readWindow(
    realm.db.$count(sessions, where),
    realm.db
      .select({
        id: sessions.id,
        created: sessions.created,
        rotated_at: sessions.rotated_at,
        expires_at: sessions.expires_at,
        ip: sessions.ip,
        user_agent: sessions.user_agent,
        support: supportedBy(realm),
      })
      .from(sessions)
      .where(where)
      .orderBy(desc(sessions.rotated_at), sessions.id),
    window,
  )
}
