/**
 * Undoes what was done; the work of undoing returns how many could not be undone.
 * @returns `undo`, which does so at once, and `offerUndo`, which shows what was done, with a button for it
 */
export function useUndo() {
  const { t } = useI18n()
  const { number } = useFormat()
  const { notify } = useNotices()
  const { act } = useAction()
  const nuxtApp = useNuxtApp()

  async function undo(work: () => Promise<number>) {
    await act(async () => {
      const refused = await work()
      if (refused > 0) notify(t('common.undo_refused', { count: number(refused) }, refused), { tone: 'error' })
      else notify(t('common.undone'))
    })
    await nuxtApp.runWithContext(() => refreshNuxtData())
  }

  function offerUndo(title: string, work: (() => Promise<number>) | undefined, text?: string) {
    notify(title, { text, action: work && { label: t('common.undo'), run: () => undo(work) } })
  }

  return { undo, offerUndo }
}
