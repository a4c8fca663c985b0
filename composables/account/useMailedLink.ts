import { ApiFailure } from '#shared/api-failure'

/**
 * The link whose page this is.
 * @returns `isStale`: whether it was used or has expired, which is known before the user has typed anything
 */
export function useMailedLink(purpose: 'reset' | 'activation' | 'email') {
  const { uid, token } = useRoute().params as { uid: string; token: string }
  const api = useApi()
  // A POST, because a GET would put the token into the URL; it does not use the link up.
  const { error } = useAsyncData(`link:${purpose}`, async () => {
    await api('auth/users/link_lookup/', { method: 'POST', body: { uid, token, purpose } })
    return true
  })
  const isUsed = ref(false)
  const isDead = () => error.value !== undefined && statusOf(error.value) === 400
  return { uid, token, isStale: computed(() => isUsed.value || isDead()), markStale: () => (isUsed.value = true) }
}

// After hydration, the error comes from the payload, without its class.
function statusOf(error: unknown): number | undefined {
  return error instanceof ApiFailure ? error.status : (error as { status?: number }).status
}
