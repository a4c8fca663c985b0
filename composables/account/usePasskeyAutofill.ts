import type { Assertion } from './usePasskeys'

/** Milliseconds after which an offer is renewed: the server accepts an answer to it for five minutes. */
const offerLife = 4 * 60_000

/**
 * Offers the passkeys of this browser in the autofill of the sign-in form, where the browser can do that.
 * @param use called with what the chosen passkey has signed
 * @returns what offers them again, after another use of passkeys has ended the offer
 */
export function usePasskeyAutofill(use: (credential: Assertion) => Promise<void>) {
  const api = useApi()
  let timer: ReturnType<typeof setTimeout> | undefined
  let isOver = false

  async function offer(): Promise<void> {
    clearTimeout(timer)
    if (!(await canOffer())) return
    // The form works without it.
    const options = await api('auth/passkeys/options/', { method: 'POST', body: {} }).catch(() => undefined)
    if (!options || isOver) return
    timer = setTimeout(offer, offerLife)
    const credential = await signWithPasskey(options, true)
    if (credential && !isOver) await use(credential)
  }

  onNuxtReady(() => void offer())
  onBeforeUnmount(() => {
    isOver = true
    if (timer) void endPasskeyOffer()
    clearTimeout(timer)
  })

  return { offer }
}

async function canOffer(): Promise<boolean> {
  if (!('PublicKeyCredential' in window)) return false
  return (await PublicKeyCredential.isConditionalMediationAvailable?.()) ?? false
}
