import { ApiFailure } from '#shared/api-failure'
import { cookieName } from '#shared/cookies'
import type { Language } from '#shared/dates'

// Each name in its own language, for users who read no other.
export const languageNames = [
  { code: 'en', name: 'English' },
  { code: 'ar', name: 'العربية' },
] as const

/**
 * The language of the interface: the signed-in user's, else the one chosen in this browser, else the organisation's,
 * else the browser's.
 */
export function useLanguage() {
  const { language, cookie, speak } = useSpokenLanguage()
  const branding = useBranding()
  const store = useStoredLanguage()

  /** Changes the language and stores the choice: in this browser, and in the user's account. */
  async function choose(chosen: Language) {
    if (await speak(chosen)) await store(chosen)
  }

  /**
   * Removes the choice from this browser and uses the organisation's language. If it has none, the next page uses the
   * browser's.
   */
  async function forget() {
    if (branding.value?.language) await speak(branding.value.language)
    cookie.value = null
  }

  return { language, choose, speak, forget }
}

/** The language of the page, and the cookie by which the browser keeps it. */
function useSpokenLanguage() {
  const { locale, setLocale, t } = useI18n()
  const { notify } = useNotices()
  const cookie = useLanguageCookie()

  /**
   * Changes the language in this browser.
   * @returns false, after a notice, if its texts could not be loaded
   */
  async function speak(chosen: Language): Promise<boolean> {
    try {
      await setLocale(chosen)
    } catch {
      notify(t('shell.language.failed'), { text: t('common.unreachable'), tone: 'error' })
      return false
    }
    cookie.value = chosen
    return true
  }

  return { language: locale, cookie, speak }
}

function useLanguageCookie() {
  const secure = useHostInfo().origin.startsWith('https:')
  return useCookie(cookieName('locale', secure), {
    maxAge: 31_536_000,
    sameSite: 'lax',
    secure,
    readonly: false,
  })
}

/** @returns what stores the language in the user's account, if it is their own session */
function useStoredLanguage() {
  const session = useSessionStore()
  const { notify } = useNotices()
  const { t } = useI18n()
  const api = useApi()

  return async (chosen: Language) => {
    if (!session.user || session.support) return
    // Set at once, or the next page would use the former language again.
    session.user = { ...session.user, language: chosen }
    try {
      await api('auth/users/me/', { method: 'PATCH', body: { language: chosen } })
    } catch (error) {
      if (!(error instanceof ApiFailure)) throw error
      notify(t('shell.language.not_kept'), { text: error.message, tone: 'error' })
    }
  }
}
