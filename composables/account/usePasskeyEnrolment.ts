/**
 * Adds a passkey to the account.
 * @param done called when it was added, with recovery codes if there were none
 * @param tell called with the reason when it was not
 */
export function usePasskeyEnrolment(done: (codes: string[] | null) => unknown, tell: (problem: string) => void) {
  const api = useApi()
  const { t } = useI18n()

  /** @throws ApiFailure */
  async function add(): Promise<void> {
    const credential = await createPasskey(await api('auth/factors/passkeys/options/', { method: 'POST' }))
    if (!credential) return tell(t('step.passkey.not_added'))
    if (credential === 'known') return tell(t('step.passkey.known'))
    const { recovery_codes: codes } = await api('auth/factors/passkeys/', { method: 'POST', body: { credential } })
    await done(codes)
  }

  return { add }
}
