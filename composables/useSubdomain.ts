import { subdomainFrom } from '#shared/subdomains'
import type { SubdomainAnswer } from '#shared/answers/signups'

/** Milliseconds after the last key press before the server is asked. */
const pause = 300

/**
 * Suggests a subdomain from the name until the user edits the subdomain, and shows whether it is free.
 * @param state the form's reactive state
 */
export function useSubdomain(state: { name: string; subdomain: string }) {
  const api = useApi()
  const answer = ref<SubdomainAnswer>()
  let isOwn = state.subdomain !== ''
  const { request, cancel } = useTypedRequest(pause, async (subdomain: string, signal) => {
    // Only a hint: if it fails, the form's own validation reports the problem.
    const given = await api('signup/subdomain/', { query: { subdomain }, signal }).catch(() => undefined)
    if (!signal.aborted) answer.value = given
  })

  watch(
    () => state.name,
    () => {
      if (!isOwn) state.subdomain = subdomainFrom(state.name)
    },
  )
  watch(
    () => state.subdomain,
    subdomain => {
      isOwn = subdomain !== '' && subdomain !== subdomainFrom(state.name)
      answer.value = undefined
      if (subdomain.trim().length > 1) request(subdomain.trim().toLowerCase())
      else cancel()
    },
  )

  return { answer }
}
