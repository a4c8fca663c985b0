import type { From } from './client-network.ts'
import type { Counters } from './limit-counters.ts'
import { keyOf } from './limit-counters.ts'
import type { LimitName } from './limit-rules.ts'

export interface PasswordAttempt {
  /** @throws ApiError 429 after too many failures */
  admit(): Promise<void>
  countFailure(): Promise<void>
  /** A right password resets the counter of the account and address. */
  forgive(): Promise<void>
}

/** A code counts for its account when it is admitted, so that of many at once no more are tried than allowed. */
export interface CodeAttempt extends PasswordAttempt {
  /** For a code that was right, or was not tried. */
  giveBack(): Promise<void>
  /** Counts a wrong answer after a right password. @returns whether it is time to tell the user that someone tries */
  isTimeToTell(): Promise<boolean>
}

/** The limits of passwords and of second factors. */
export function passwordLimits(counters: Counters<LimitName>, from: From) {
  const attemptAt = (realm: string, account: string, ip: string | null): PasswordAttempt =>
    passwordAttempt(counters, keyOf(realm, from(ip)), keyOf(realm, from(ip), account))
  return {
    passwordAttempt: attemptAt,
    codeAttempt: (realm: string, account: string, ip: string | null, isTotp: boolean): CodeAttempt =>
      codeAttempt(counters, attemptAt(realm, account, ip), keyOf(realm, account), isTotp),
  }
}

function codeAttempt(
  { count, consume, giveBack }: Counters<LimitName>,
  attempt: PasswordAttempt,
  account: string,
  isTotp: boolean,
): CodeAttempt {
  return {
    async admit() {
      await attempt.admit()
      if (isTotp) await consume('code_account_day', account)
    },
    giveBack: async () => void (isTotp && (await giveBack([['code_account_day', account]]))),
    countFailure: attempt.countFailure,
    isTimeToTell: async () => !(await count('code_warning_day', account)) && count('code_mail_day', account),
    forgive: attempt.forgive,
  }
}

function passwordAttempt(
  { check, count, forget }: Counters<LimitName>,
  address: string,
  pair: string,
): PasswordAttempt {
  return {
    admit: async () => void (await Promise.all([check('password_pair', pair), check('password_address', address)])),
    countFailure: async () =>
      void (await Promise.all([count('password_pair', pair), count('password_address', address)])),
    forgive: () => forget('password_pair', pair),
  }
}
