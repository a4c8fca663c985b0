import { ApiFailure } from '#shared/api-failure'
import type { FormName } from '#shared/forms'
import type { Challenge } from './useSignIn'

interface Outcomes {
  done: () => void
  /** The challenge cannot be answered any more. */
  expired: () => void
  /** A code was wrong: its field is empty again. */
  again: (field: 'code' | 'recovery_code') => void
}

/**
 * The ways to answer the challenge of a sign-in.
 * @param hasForms whether the forms also work without scripts
 */
export function useSecondStep(challenge: () => Challenge, hasForms: boolean, outcomes: Outcomes) {
  const { t } = useI18n()
  const { notify } = useNotices()
  const { withAnswer } = useSignIn()
  const state = reactive({ code: '', recovery_code: '', remember: false })
  const remembered = () => (state.remember ? { remember_device: true } : {})

  const app = useCodeForm('code', 'second_factor', 'step.wrong', () =>
    withAnswer(challenge(), { code: state.code, ...remembered() }),
  )
  const recovery = useCodeForm('recovery_code', 'recovery_code', 'step.wrong_recovery', async () => {
    await withAnswer(challenge(), { recovery_code: state.recovery_code })
    notify(t('step.recovered'))
  })

  function useCodeForm(field: 'code' | 'recovery_code', name: FormName, wrong: string, send: () => Promise<void>) {
    const retry = () => {
      state[field] = ''
      outcomes.again(field)
    }
    const { form, alert, pending } = useSubmit(
      async (_: object) => {
        await send().catch(error => {
          if (isExpired(error)) outcomes.expired()
          else if (isWrong(error)) retry()
          throw error
        })
        outcomes.done()
      },
      failure => (isWrong(failure) ? t(wrong) : undefined),
      hasForms ? name : undefined,
    )
    // A full code is sent by itself: whoever presses Enter after it must still see what was wrong with it.
    const submit = async (input: object) => (alert.value && state[field] === '' ? retry() : form.submit(input))
    return { form: { ...form, submit }, alert, pending }
  }

  return { state, app, recovery, passkey: usePasskeyAnswer(challenge, remembered, outcomes) }
}

function usePasskeyAnswer(challenge: () => Challenge, remembered: () => object, { done, expired }: Outcomes) {
  const api = useApi()
  const { t } = useI18n()
  const inOwnWords = useServerText()
  const { withAnswer } = useSignIn()
  const alert = ref('')
  const pending = ref(false)

  async function use() {
    if (pending.value) return
    pending.value = true
    alert.value = ''
    try {
      const body = { challenge: challenge().token }
      const credential = await signWithPasskey(await api('auth/passkeys/options/', { method: 'POST', body }))
      if (!credential) return void (alert.value = t('step.passkey.not_used'))
      await withAnswer(challenge(), { credential, ...remembered() })
      done()
    } catch (error) {
      if (!(error instanceof ApiFailure)) throw error
      if (isExpired(error)) return expired()
      alert.value = isWrong(error) ? t('step.passkey.not_used') : inOwnWords(error.message)
    } finally {
      pending.value = false
    }
  }

  return { alert, pending, use }
}

function isExpired(error: unknown): boolean {
  return error instanceof ApiFailure && error.code === 'challenge_expired'
}

function isWrong(error: unknown): boolean {
  return error instanceof ApiFailure && error.code === 'second_factor_invalid'
}
