import { getCookie, getRequestHeader } from 'h3'
import { cookieName } from '#shared/cookies'
import { languages } from '#shared/dates'
import { preferredLanguage } from '#shared/preferred-language'

/**
 * The language of a page until the user is known: the one chosen in this browser, else the organisation's, else the
 * browser's.
 */
export default defineNuxtPlugin({
  name: 'language',
  dependsOn: ['branding', 'i18n'],
  async setup() {
    const event = useRequestEvent()!
    const cookie = cookieName('locale', useHostInfo().origin.startsWith('https:'))
    const chosen = languages.find(language => language === getCookie(event, cookie))
    const language =
      chosen ?? useBranding().value?.language ?? preferredLanguage(getRequestHeader(event, 'accept-language') ?? '')
    await useI18n().setLocale(language)
  },
})
