/** Signs out, or shows that it failed. */
export function useSignOut() {
  const session = useSessionStore()
  const { notify } = useNotices()
  const { t } = useI18n()

  return async () => {
    try {
      await session.signOut()
    } catch {
      notify(t('shell.still_signed_in'), { text: t('common.unreachable'), tone: 'error' })
    }
  }
}
