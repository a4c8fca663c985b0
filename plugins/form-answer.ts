import { deleteCookie, getCookie } from 'h3'
import type { FormAnswer } from '#shared/forms'
import { formCookie } from '#shared/forms'

/** Passes the answer to a form that was sent without scripts to its page, once. */
export default defineNuxtPlugin(nuxtApp => {
  const answer = useState<FormAnswer | null>('form-answer', () => null)
  if (import.meta.server) answer.value = takeAnswer()
  else nuxtApp.hook('app:suspense:resolve', () => void (answer.value = null))
})

function takeAnswer(): FormAnswer | null {
  const event = useRequestEvent()!
  const name = formCookie(useRequestURL().protocol.replace(':', ''))
  const text = getCookie(event, name)
  if (!text) return null
  deleteCookie(event, name, { path: '/', secure: name.startsWith('__Host-') })
  try {
    return JSON.parse(text) as FormAnswer
  } catch {
    return null
  }
}
