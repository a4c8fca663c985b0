import { getCookie } from 'h3'
import { cookieName } from '#shared/cookies'
import { isTimeZone } from '#shared/time-zones'

/** Renders days and times in the viewer's time zone, which the browser tells in a cookie. */
export default defineNuxtPlugin(nuxtApp => {
  const zone = useTimeZone()
  const isHttps = useHostInfo().origin.startsWith('https:')
  const cookie = cookieName('zone', isHttps)
  if (import.meta.server) {
    const told = getCookie(useRequestEvent()!, cookie)
    if (told && isTimeZone(told)) zone.value = told
    return
  }
  // Not before: hydration needs the same texts as the server's.
  nuxtApp.hook('app:suspense:resolve', () => {
    const { timeZone } = new Intl.DateTimeFormat().resolvedOptions()
    if (timeZone === zone.value) return
    zone.value = timeZone
    const rest = `path=/; max-age=31536000; samesite=lax${isHttps ? '; secure' : ''}`
    document.cookie = `${cookie}=${encodeURIComponent(timeZone)}; ${rest}`
  })
})
