import { setResponseHeader } from 'h3'
import { blacklistSession } from '#server/domain/sessions/blacklist.ts'
import { endSession } from '#server/domain/sessions/end.ts'
import { requirePrincipal } from '#server/domain/sessions/principal.ts'
import { clearSessionCookies, readSessionCookies } from '#server/http/cookies.ts'
import { defineRealmRoute } from '#server/http/route.ts'
import { ApiError } from '#shared/errors.ts'

/** Signs out. Works with either cookie; without a valid one there is nothing to end. */
export default defineRealmRoute(
  { summary: 'Sign out', access: 'public', status: 204 },
  async ({ app, authRealm, audit, event }) => {
    const { access, refresh } = readSessionCookies(event, app.config)
    const ended =
      refresh !== undefined && (await isDone(() => blacklistSession(app, authRealm, refresh, audit, 'logout')))
    if (!ended && access) {
      await isDone(async () => {
        const { user, session } = await requirePrincipal(app, authRealm, access, audit)
        await endSession(authRealm, { ...audit, actor: user.id }, user.id, 'logout', session.id)
      })
    }
    clearSessionCookies(event, app.config)
    setResponseHeader(event, 'clear-site-data', '"cache"')
  },
)

async function isDone(work: () => Promise<void>): Promise<boolean> {
  try {
    await work()
    return true
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return false
    throw error
  }
}
