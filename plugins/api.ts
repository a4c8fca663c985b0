import { browserTransport } from '~/composables/api/browser'
import { serverTransport } from '~/composables/api/server'

/** One per page render on the server, one per tab in the browser. */
export default defineNuxtPlugin(() => {
  const unsaved = useUnsavedForms()
  const transport = import.meta.server
    ? serverTransport(useRequestEvent()!)
    : browserTransport(
        () => useSessionStore().user !== null,
        () => useSessionStore().expire(unsaved.value > 0),
      )
  return { provide: { api: createApi(transport) } }
})
