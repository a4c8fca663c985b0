import type { Challenge } from './useSignIn'

/**
 * Where a sign-in without scripts stands, by the server's answer to its last form: at a challenge, or at the beginning
 * again, with the reason.
 */
export function useChallengeAnswer(): { challenge?: Challenge; reason: string } {
  const { t } = useI18n()
  const challenge = challengeIn(failureOf(useFormAnswer('login')))
  const answer = useFormAnswer('second_factor') ?? useFormAnswer('recovery_code')
  if (!answer) return { challenge, reason: '' }
  if (failureOf(answer)?.code === 'challenge_expired') return { reason: t('step.expired') }
  const { challenge: token = '', methods = '' } = answer.values
  return { challenge: { token, methods: methods.split(' ') as Challenge['methods'] }, reason: '' }
}
