/**
 * Whether the start page suggests to add a passkey: to users who have none, where the device can create one, until they
 * dismiss it for good.
 */
export function usePasskeyNudge() {
  const isShown = ref(false)
  const api = useApi()
  const session = useSessionStore()
  const { load } = useI18n()
  // Users who share a browser decide for themselves.
  const key = `tenantry-no-nudge-${session.user?.id}`

  async function decide(): Promise<void> {
    if (session.support || isDismissed(key) || !(await hasAuthenticator())) return
    const { factors } = await api('auth/factors/')
    if (factors.some(({ kind }) => kind === 'passkey')) return
    await load(['security'])
    isShown.value = true
  }

  function dismiss() {
    isShown.value = false
    try {
      localStorage.setItem(key, '1')
    } catch {
      // The browser lets pages store nothing: it is shown again after the next visit.
    }
  }

  // It is only a suggestion: it does not appear where that fails.
  onNuxtReady(() => void decide().catch(() => {}))
  return { isShown, dismiss }
}

function isDismissed(key: string): boolean {
  try {
    return localStorage.getItem(key) !== null
  } catch {
    return false
  }
}

async function hasAuthenticator(): Promise<boolean> {
  if (!('PublicKeyCredential' in window)) return false
  return PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable()
}
