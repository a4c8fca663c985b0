import { getCookie, getRequestHeader } from 'h3'
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
    const chosen = languages.find(language => language === getCookie(event, 'tenantry_locale'))
    const language =
      chosen ?? useBranding().value?.language ?? preferredLanguage(getRequestHeader(event, 'accept-language') ?? '')
    await useI18n().setLocale(language)
  },
})
