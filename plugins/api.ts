import { browserDoor } from '~/composables/api/browser'
import { serverDoor } from '~/composables/api/server'

/** One per page render on the server, one per tab in the browser. */
export default defineNuxtPlugin(() => {
  const unsaved = useUnsavedForms()
  const door = import.meta.server ? serverDoor(useRequestEvent()!) : browserDoor(() => useSessionStore().expire(unsaved.value > 0))
  return { provide: { api: createApi(door) } }
})
