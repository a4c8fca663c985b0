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
  let timer: ReturnType<typeof setTimeout> | undefined

  // Also at mount: a password manager may fill the field before this runs.
  onMounted(() =>
    watch(
      [password, context, minLength],
      () => {
        clearTimeout(timer)
        timer = setTimeout(measure, pause)
      },
      { immediate: true },
    ),
  )
  onBeforeUnmount(() => clearTimeout(timer))
  // Fetched while the user types the first characters.
  onMounted(() => import('./strength/strength'))

  async function measure() {
    const typed = password()
    if (!typed) return (strength.value = undefined)
    const { isCommon, measureStrength } = await import('./strength/strength')
    if (typed !== password()) return
    const person = context()
    // The caller may pass all of the form's state, the password included.
    const words = passwordAttributes.flatMap(name => person[name] ?? []).filter(Boolean)
    strength.value = {
      score: measureStrength(typed, words),
      faults: findPasswordFaults(typed, person, isCommon, minLength()),
    }
  }

  return strength
}
