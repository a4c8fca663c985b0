import type { PasswordContext, PasswordFault } from '#shared/password-rules'
import { findPasswordFaults, passwordAttributes } from '#shared/password-rules'

export interface PasswordStrength {
  /** 0 to 4. */
  score: number
  /** What the server would refuse. */
  faults: PasswordFault[]
}

const pause = 200

/** What a new password is worth, found out a moment after the typing pauses; undefined for none. */
export function usePasswordStrength(
  password: () => string,
  context: () => Partial<PasswordContext>,
  minLength: () => number,
) {
  const strength = shallowRef<PasswordStrength>()
  let timer: ReturnType<typeof setTimeout> | undefined

  // At once too: a password manager fills a field in one go, before this is there.
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
  // Fetched while the first characters are typed.
  onMounted(() => import('./strength/strength'))

  async function measure() {
    const typed = password()
    if (!typed) return (strength.value = undefined)
    const { isCommon, measureStrength } = await import('./strength/strength')
    if (typed !== password()) return
    const person = context()
    // A form may hand over all that it holds, and the password itself is in it.
    const words = passwordAttributes.flatMap(name => person[name] ?? []).filter(Boolean)
    strength.value = {
      score: measureStrength(typed, words),
      faults: findPasswordFaults(typed, person, isCommon, minLength()),
    }
  }

  return strength
}
