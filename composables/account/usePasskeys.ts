import type {
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
} from '@simplewebauthn/browser'
import type { z } from 'zod'
import type { newPasskeySchema, passkeySchema } from '#shared/schemas/factors'

/** What a passkey has signed. */
export type Assertion = z.input<typeof passkeySchema>['credential']
/** A new passkey. */
type Attestation = z.input<typeof newPasskeySchema>['credential']

/** As the API gives them: the JSON of WebAuthn. */
interface Options {
  challenge: string
}

// The library's parts are only loaded where a passkey is used: on the sign-in page every kilobyte counts.
const signing = () => import('./webauthn/sign')

/** Whether the browser can use passkeys. The server cannot know, and renders the page as if it could. */
export function usePasskeySupport(): Ref<boolean> {
  const isSupported = ref(true)
  onMounted(() => (isSupported.value = 'PublicKeyCredential' in window))
  return isSupported
}

/**
 * Lets the user sign with a passkey. It ends an offer that is still open, such as that of the autofill.
 * @param isAutofill whether the browser offers it in the form's fields, instead of a dialog
 * @returns undefined if they have not, or cannot
 */
export async function signWithPasskey(options: Options, isAutofill = false): Promise<Assertion | undefined> {
  const { startAuthentication } = await signing()
  const optionsJSON = options as PublicKeyCredentialRequestOptionsJSON
  const asking = startAuthentication({ optionsJSON, useBrowserAutofill: isAutofill })
  return asking.then(answer => answer as unknown as Assertion).catch(noteRefusal)
}

/**
 * Lets the user create a passkey.
 * @returns undefined if they have not, or cannot; `known` if the device has one for this account
 */
export async function createPasskey(options: Options): Promise<Attestation | 'known' | undefined> {
  const { startRegistration } = await import('./webauthn/create')
  const optionsJSON = options as unknown as PublicKeyCredentialCreationOptionsJSON
  return startRegistration({ optionsJSON })
    .then(answer => answer as unknown as Attestation)
    .catch(error => ((error as Error).name === 'InvalidStateError' ? 'known' : noteRefusal(error)))
}

/** Ends an open offer, for example when its page is left. */
export async function endPasskeyOffer(): Promise<void> {
  const { WebAuthnAbortService } = await signing()
  WebAuthnAbortService.cancelCeremony()
}

// Browsers do not tell scripts whether the user refused, waited too long, or has no passkey.
function noteRefusal(error: unknown): undefined {
  if (!(error instanceof Error)) throw error
}
