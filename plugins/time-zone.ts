import { getCookie } from 'h3'
import { isTimeZone, timeZoneCookie } from '#shared/time-zones'

/** Renders days and times in the viewer's time zone, which the browser tells in a cookie. */
export default defineNuxtPlugin(nuxtApp => {
  const zone = useTimeZone()
  if (import.meta.server) {
    const told = getCookie(useRequestEvent()!, timeZoneCookie)
    if (told && isTimeZone(told)) zone.value = told
    return
  }
  // Not before: hydration needs the same texts as the server's.
  nuxtApp.hook('app:suspense:resolve', () => {
    const { timeZone } = new Intl.DateTimeFormat().resolvedOptions()
    if (timeZone === zone.value) return
    zone.value = timeZone
    document.cookie = `${timeZoneCookie}=${encodeURIComponent(timeZone)}; path=/; max-age=31536000; samesite=lax`
  })
})
