import { browserTransport } from '~/composables/api/browser'
import { serverTransport } from '~/composables/api/server'
import type { Transport } from '~/composables/api/transport'

/** One per page render on the server, one per tab in the browser. */
export default defineNuxtPlugin(nuxtApp => {
  const unsaved = useUnsavedForms()
  const transport: Transport = import.meta.server
    ? serverTransport(useRequestEvent()!)
    : browserTransport({
        isSignedIn: () => useSessionStore().user !== null,
        end: () => useSessionStore().expire(unsaved.value > 0),
        confirm: body => nuxtApp.runWithContext(() => useReauthentication().ask(body)),
        enrol: () => void nuxtApp.runWithContext(leaveToEnrol),
      })
  return { provide: { api: createApi(transport) } }
})

function leaveToEnrol() {
  const { path, fullPath } = useRoute()
  if (path === enrolmentPath) return
  useSessionStore().mustEnrol = true
  return enrol(fullPath)
}
