import { ApiFailure } from '#shared/api-failure'
import type { Assertion } from './usePasskeys'

/** What a sign-in still needs after the right password. */
export interface Challenge {
  token: string
  methods: ('totp' | 'passkey' | 'recovery_code')[]
}

type Answer = { remember_device?: boolean } & ({ code: string } | { recovery_code: string } | { credential: Assertion })

/** @returns the challenge in the refusal of a sign-in with the right password, if it is one */
export function challengeIn(failure: ApiFailure | undefined): Challenge | undefined {
  if (failure?.code !== 'second_factor_required') return undefined
  const { challenge, methods } = failure.body as { challenge: string; methods: Challenge['methods'] }
  return { token: challenge, methods }
}

/** The ways to sign in. */
export function useSignIn() {
  const api = useApi()
  const session = useSessionStore()

  /** @returns the challenge of the second step, if there is one; else the user is signed in */
  async function withPassword(credentials: { email: string; password: string }): Promise<Challenge | undefined> {
    try {
      const { user } = await api('auth/session/', { method: 'POST', body: credentials })
      session.enter(user)
    } catch (error) {
      const challenge = error instanceof ApiFailure ? challengeIn(error) : undefined
      if (!challenge) throw error
      return challenge
    }
  }

  /** The second step. */
  async function withAnswer({ token }: Challenge, answer: Answer): Promise<void> {
    const body = { challenge: token, ...answer }
    session.enter((await api('auth/session/second-factor/', { method: 'POST', body })).user)
  }

  /** A passkey alone. */
  async function withPasskey(credential: Assertion): Promise<void> {
    session.enter((await api('auth/session/passkey/', { method: 'POST', body: { credential } })).user)
  }

  return { withPassword, withAnswer, withPasskey }
}
