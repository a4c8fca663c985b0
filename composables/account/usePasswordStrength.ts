import { watchDebounced } from '@vueuse/core'
import type { PasswordContext, PasswordFault } from '#shared/password-rules'
import { findPasswordFaults, passwordAttributes } from '#shared/password-rules'

export interface PasswordStrength {
  /** 0 to 4. */
  score: number
  /** The rules that the server would refuse it for. */
  faults: PasswordFault[]
}

const pause = 200

/** The strength of a new password, measured when the typing pauses; undefined for an empty one. */
export function usePasswordStrength(
  password: () => string,
  context: () => Partial<PasswordContext>,
  minLength: () => number,
) {
  const strength = shallowRef<PasswordStrength>()
  const measure = async () => {
    const typed = password()
    const found = typed ? await strengthOf(typed, context, minLength) : undefined
    if (typed === password()) strength.value = found
  }

  // Also at mount: a password manager may fill the field before this runs.
  onMounted(() => watchDebounced([password, context, minLength], measure, { debounce: pause, immediate: true }))
  // Fetched while the user types the first characters.
  onMounted(() => import('./strength/strength'))
  return strength
}

async function strengthOf(
  password: string,
  context: () => Partial<PasswordContext>,
  minLength: () => number,
): Promise<PasswordStrength> {
  const { isCommon, measureStrength } = await import('./strength/strength')
  const person = context()
  // The caller may pass all of the form's state, the password included.
  const words = passwordAttributes.flatMap(name => person[name] ?? []).filter(Boolean)
  return {
    score: measureStrength(password, words),
    faults: findPasswordFaults(password, person, isCommon, minLength()),
  }
}
