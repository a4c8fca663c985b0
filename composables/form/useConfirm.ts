export interface Question {
  title: string
  /** What will happen. */
  text: string
  /** The label of the button: the action, never only "OK". */
  action: string
  isDangerous?: boolean
}

/** Asks before an action that is hard to undo; components/form/ConfirmDialog.vue shows the question. */
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
