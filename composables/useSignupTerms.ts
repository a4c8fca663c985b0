/** Whether organisations can be signed up on this site; undefined on other surfaces. */
export function useSignupTerms() {
  const { data } = useApiData('signup-terms', 'signup/')
  const isOpen = computed(() => data.value !== null && data.value !== undefined && data.value.policy !== 'closed')
  return { isOpen }
}
