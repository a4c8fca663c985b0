import { getCookie, getRequestHeader } from 'h3'
import { languages } from '#shared/dates'
import { preferredLanguage } from '#shared/preferred-language'

/** The language of a page until it is known whose it is: the one that was chosen in this browser, else what the browser asks for. */
export default defineNuxtPlugin(async () => {
  const event = useRequestEvent()!
  const chosen = languages.find(language => language === getCookie(event, 'tenantry_locale'))
  await useNuxtApp().$i18n.setLocale(chosen ?? preferredLanguage(getRequestHeader(event, 'accept-language') ?? ''))
})
