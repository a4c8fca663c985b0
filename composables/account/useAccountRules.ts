/** The rules for accounts on this host; fetched once per page, whatever number of components needs them. */
export function useAccountRules() {
  return useApiData('account-rules', 'auth/rules/')
}
