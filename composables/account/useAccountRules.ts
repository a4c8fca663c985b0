import type { AccountRules } from '#shared/types/accounts'

/** What an account here takes; asked for once however many parts of a page want to know. */
export function useAccountRules() {
  return useApiData<AccountRules>('account-rules', 'auth/rules/')
}
