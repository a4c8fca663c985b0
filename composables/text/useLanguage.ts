import { ApiFailure } from '#shared/api-failure'
import type { Language } from '#shared/dates'

/**
 * The language of the interface: the signed-in person's, else the one chosen in this browser, else the organisation's,
 * else what the browser asks for.
 */
export function useLanguage() {
  const { locale, setLocale, getLocaleMessage, t } = useI18n()
  const session = useSessionStore()
  const { notify } = useNotices()
  const api = useApi()
  const branding = useBranding()
  const isSecure = usePlace().origin.startsWith('https:')
  const cookie = useCookie('tenantry_locale', {
    maxAge: 31_536_000,
    sameSite: 'lax',
    secure: isSecure,
    readonly: false,
  })

  const language = computed(() => locale.value as Language)

  /**
   * Speaks the language from now on, and keeps it: in this browser, and with the person where she herself is signed
   * in.
   */
  async function choose(chosen: Language) {
    if ((await speak(chosen)) && session.user && !session.support) await keep(chosen)
  }

  /** Speaks the language in this browser. @returns false where its texts could not be loaded, of which one is told */
  async function speak(chosen: Language): Promise<boolean> {
    const former = language.value
    await setLocale(chosen)
    if (Object.keys(getLocaleMessage(chosen)).length > 0) {
      cookie.value = chosen
      return true
    }
    await setLocale(former)
    notify(t('shell.language.failed'), { text: t('common.unreachable'), tone: 'error' })
    return false
  }

  /**
   * Forgets what was chosen in this browser, and speaks as the organisation does; where it is undecided, the next
   * page follows the browser.
   */
  async function forget() {
    if (branding.value?.language) await speak(branding.value.language)
    cookie.value = null
  }

  async function keep(chosen: Language) {
    // At once, or the next page would speak the former one again.
    session.user = { ...session.user!, language: chosen }
    try {
      await api('auth/users/me/', { method: 'PATCH', body: { language: chosen } })
    } catch (error) {
      if (!(error instanceof ApiFailure)) throw error
      notify(t('shell.language.not_kept'), { text: error.message, tone: 'error' })
    }
  }

  // Each in its own language, for those who read no other.
  const names = [
    { code: 'en', name: 'English' },
    { code: 'ar', name: 'العربية' },
  ] as const

  return { language, names, choose, speak, forget }
}
