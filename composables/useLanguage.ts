import type { Language } from '#shared/dates'
import type { User } from '#shared/types/api'

/** The language of the interface and of one's mails. */
export function useLanguage() {
  const { locale, setLocale } = useI18n()
  const session = useSessionStore()
  const api = useApi()

  /** @param language null for none of one's own: then the pages stay as they are, and mails come in the organisation's */
  async function choose(language: Language | null) {
    if (session.user) session.user = await api<User>('auth/users/me/', { method: 'PATCH', body: { language } })
    if (language) await setLocale(language)
  }

  return { current: locale, choose }
}
