import { ApiFailure } from '#shared/api-failure'

/** Runs the action of a button: shows its result as a notice, and does not run twice at the same time. */
export function useAction() {
  const { t } = useI18n()
  const { notify } = useNotices()
  const pending = ref(false)

  /** @returns whether it succeeded */
  async function act(work: () => Promise<unknown>, done?: string): Promise<boolean> {
    if (pending.value) return false
    pending.value = true
    try {
      await work()
      if (done) notify(done)
      return true
    } catch (error) {
      tell(error)
      return false
    } finally {
      pending.value = false
    }
  }

  /** Shows why an action failed; rethrows errors that are not API responses. */
  function tell(error: unknown): ApiFailure {
    if (!(error instanceof ApiFailure)) throw error
    notify(t('common.not_done'), {
      text: Object.values(error.fieldErrors).flat().join(' ') || error.message,
      tone: 'error',
    })
    return error
  }

  return { pending, act, tell }
}
