/** With which users can confirm that it is them. */
export type Proof = 'password' | 'totp' | 'passkey'

/**
 * Asks users to confirm that it is them, before something sensitive; components/factors/ReauthenticationDialog.vue
 * shows the question.
 */
export function useReauthentication() {
  const asked = useState<{ methods: Proof[]; answer: (isConfirmed: boolean) => void } | null>('confirm-me', () => null)
  const { load } = useI18n()

  /**
   * @param body of the API's refusal
   * @returns whether they have confirmed it
   */
  async function ask(body: unknown): Promise<boolean> {
    const { methods } = body as { methods: Proof[] }
    await load(['security'])
    return new Promise(resolve => {
      asked.value = {
        methods,
        answer(isConfirmed) {
          asked.value = null
          resolve(isConfirmed)
        },
      }
    })
  }

  return { asked, ask }
}
