import type { H3Event } from 'h3'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import { blacklistSession } from '#server/domain/sessions/blacklist.ts'
import { ApiError } from '#shared/errors.ts'
import { readSessionCookies } from './cookies.ts'

/**
 * Ends the session of a request's refresh cookie: at a sign-out, or when the browser has signed in again.
 * @returns whether there was one to end
 */
export async function endCookieSession(
  event: H3Event,
  app: App,
  authRealm: AuthRealm,
  audit: AuditContext,
  reason: 'logout' | 'replaced',
): Promise<boolean> {
  const { refresh } = readSessionCookies(event, app.config)
  return refresh !== undefined && isDone(() => blacklistSession(app, authRealm, refresh, audit, reason))
}

/** @returns false if the token was no longer valid */
export async function isDone(work: () => Promise<void>): Promise<boolean> {
  try {
    await work()
    return true
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return false
    throw error
  }
}
