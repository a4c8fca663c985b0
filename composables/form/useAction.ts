import { ApiFailure } from '#shared/api-failure'

/** What a button does at once, without a form: says what came of it, and is not done twice at a time. */
export function useAction() {
  const { t } = useI18n()
  const { notify } = useNotices()
  const pending = ref(false)

  /** @returns whether it was done */
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

  /** Says why something was not done; throws what is no answer of the API. */
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
