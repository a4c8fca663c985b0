import { dictionary } from '@zxcvbn-ts/language-common'
import type { PasswordContext, PasswordFault } from '#shared/password-rules.ts'
import { findPasswordFaults } from '#shared/password-rules.ts'

const common = new Set(dictionary['passwords-common'])
const labels = {
  email: 'email',
  first_name: 'first name',
  last_name: 'last name',
  organization: 'organization',
} as const

/**
 * Django's validators with Django's texts, which existing clients show.
 * @param minLength in characters, if the organisation requires more than the general minimum
 * @returns every broken rule, or an empty list
 */
export function passwordFaults(password: string, context: PasswordContext, minLength?: number): string[] {
  return findPasswordFaults(password, context, password => common.has(password), minLength).map(textOf)
}

function textOf(fault: PasswordFault): string {
  switch (fault.rule) {
    case 'similar':
      return `The password is too similar to the ${labels[fault.to]}.`
    case 'short':
      return `This password is too short. It must contain at least ${fault.length} characters.`
    case 'long':
      return `This password is too long. It must contain at most ${fault.length} characters.`
    case 'common':
      return 'This password is too common.'
    case 'numeric':
      return 'This password is entirely numeric.'
  }
}
