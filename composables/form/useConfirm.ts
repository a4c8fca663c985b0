export interface Question {
  title: string
  /** What will happen, in words. */
  text: string
  /** What the button says: the deed, never just "OK". */
  action: string
  isDangerous?: boolean
}

/** Asks before something that cannot simply be undone; components/form/ConfirmDialog.vue shows the question. */
export function useConfirm() {
  const asked = useState<{ question: Question; answer: (yes: boolean) => void } | null>('confirm', () => null)

  function confirm(question: Question): Promise<boolean> {
    asked.value?.answer(false)
    return new Promise(resolve => {
      asked.value = {
        question,
        answer(yes) {
          asked.value = null
          resolve(yes)
        },
      }
    })
  }

  return { asked, confirm }
}
