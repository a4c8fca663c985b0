import { getCookie, getRequestHeader } from 'h3'
import { languages } from '#shared/dates'
import { preferredLanguage } from '#shared/preferred-language'

/**
 * The language of a page until it is known whose it is: the one that was chosen in this browser, else the
 * organisation's, else what the browser asks for.
 */
export default defineNuxtPlugin({
  name: 'language',
  dependsOn: ['branding'],
  async setup() {
    const event = useRequestEvent()!
    const chosen = languages.find(language => language === getCookie(event, 'tenantry_locale'))
    const language =
      chosen ?? useBranding().value?.language ?? preferredLanguage(getRequestHeader(event, 'accept-language') ?? '')
    await useNuxtApp().$i18n.setLocale(language)
  },
})
