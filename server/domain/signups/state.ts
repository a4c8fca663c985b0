import type { SQL } from 'drizzle-orm'
import { and, gt, isNotNull, isNull, sql } from 'drizzle-orm'
import type { SignupState } from '#shared/answers/signups.ts'
import type { SignupRow, Signups } from './signups.ts'

export const signupStates = ['unconfirmed', 'expired', 'waiting', 'made', 'refused'] as const satisfies SignupState[]

/** @returns the state that a sign-up is in */
export function signupStateOf({ confirmed_at, refused_at, tenant, expires_at }: SignupRow): SignupState {
  if (refused_at) return 'refused'
  if (tenant) return 'made'
  if (confirmed_at) return 'waiting'
  return expires_at > new Date() ? 'unconfirmed' : 'expired'
}

/** A condition: the sign-up is in this state. */
export function isInState(signups: Signups, state: SignupState): SQL | undefined {
  switch (state) {
    case 'refused':
      return isNotNull(signups.refused_at)
    case 'made':
      return and(isNull(signups.refused_at), isNotNull(signups.tenant))
    case 'waiting':
      return and(isNull(signups.refused_at), isNull(signups.tenant), isNotNull(signups.confirmed_at))
    case 'unconfirmed':
      return and(isNull(signups.confirmed_at), gt(signups.expires_at, sql`now()`))
    case 'expired':
      return and(isNull(signups.confirmed_at), sql`${signups.expires_at} <= now()`)
  }
}
