/**
 * Shows what was done, with a button that undoes it.
 * @returns a function that takes the text, and the work of undoing, which returns how many could not be undone
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

  return (title: string, work: (() => Promise<number>) | undefined, text?: string) =>
    notify(title, { text, action: work && { label: t('common.undo'), run: () => undo(work) } })
}
