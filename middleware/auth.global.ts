import type { Language } from '#shared/dates'
import { safeRedirect } from '#shared/redirect'

/** Pages are private unless they have `definePageMeta({ public: true })`. The API decides what a user may see. */
export default defineNuxtRouteMiddleware(async to => {
  if (!hasSession() || to.matched.length === 0 || useError().value) return
  const isSignInPage = to.path === '/login'
  if (to.meta.public && !isSignInPage) return
  const session = useSessionStore()
  await session.load()
  // In a support session the reader is the operator, not the user.
  if (session.user?.language && !session.support) await speak(session.user.language)
  if (isSignInPage) return session.user ? navigateTo(safeRedirect(to.query.redirect)) : undefined
  if (!session.user) return navigateTo({ path: '/login', query: to.fullPath === '/' ? {} : { redirect: to.fullPath } })
  const isEnrolmentPage = to.path === enrolmentPath
  if (isEnrolmentPage && !session.mustEnrol) return navigateTo(safeRedirect(to.query.redirect))
  if (session.mustEnrol && !isEnrolmentPage) return enrol(to.fullPath)
  if (to.meta.access && !to.meta.access(session.user))
    return abortNavigation(createError({ status: 403, statusText: 'Forbidden', fatal: true }))
})

/** Whether the host has users who sign in: the public site has none. */
function hasSession(): boolean {
  return useHostInfo().surface === 'portal' || useHostInfo().surface === 'console'
}

/** The user's language has priority over the browser's. */
async function speak(language: Language) {
  const { locale, setLocale } = useI18n()
  if (language !== locale.value) await setLocale(language)
}
