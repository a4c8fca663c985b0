/** Whether organisations can be signed up on this site, and under which host; undefined on other surfaces. */
export function useSignupTerms() {
  const { data: terms, error, refresh } = useApiData('signup-terms', 'signup/')
  const isOpen = computed(() => Boolean(terms.value) && terms.value?.policy !== 'closed')
  // The page's own host may start with www.
  const { port } = useRequestURL()
  const baseHost = computed(() => terms.value && terms.value.base_domain + (port && `:${port}`))
  return { terms, error, refresh, isOpen, baseHost }
}
