import { browserDoor } from '~/composables/api/browser'
import { serverDoor } from '~/composables/api/server'

/** One per page render on the server, one per tab in the browser. */
export default defineNuxtPlugin(() => {
  const door = import.meta.server ? serverDoor(useRequestEvent()!) : browserDoor(() => useSessionStore().clear('expired'))
  return { provide: { api: createApi(door) } }
})
