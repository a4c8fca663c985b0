/** @returns a second factor's name; one that the server has given is in English, and is said in the page's language */
export function useFactorName() {
  const { t } = useI18n()

  return (name: string): string => {
    if (name === 'Passkey') return t('security.factor.passkey')
    const app = /^Authenticator app(?: (\d+))?$/.exec(name)
    return app ? [t('security.factor.totp'), app[1]].filter(Boolean).join(' ') : name
  }
}
