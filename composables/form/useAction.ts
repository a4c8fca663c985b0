import { ApiFailure } from '#shared/api-failure'

/** Runs the action of a button: shows its result as a notice, and does not run twice at the same time. */
export function useAction() {
  const { notify } = useNotices()
  const tell = useTell()
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

  return { pending, act, tell }
}

/** @returns what shows why an action failed, and rethrows errors that are not API responses */
function useTell() {
  const { t } = useI18n()
  const { notify } = useNotices()
  return (error: unknown): ApiFailure => {
    if (!(error instanceof ApiFailure)) throw error
    const text = Object.values(error.fieldErrors).flat().join(' ') || error.message
    notify(t('common.not_done'), { text, tone: 'error' })
    return error
  }
}
