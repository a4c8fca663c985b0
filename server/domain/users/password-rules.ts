import type { PasswordContext, PasswordFault } from '#shared/password-rules.ts'
import { findPasswordFaults } from '#shared/password-rules.ts'

let common: Promise<Set<string>> | undefined

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
export async function passwordFaults(
  password: string,
  context: PasswordContext,
  minLength?: number,
): Promise<string[]> {
  const known = await (common ??= loadCommon())
  return findPasswordFaults(password, context, password => known.has(password), minLength).map(textOf)
}

// Loaded when the first password is set: unpacking takes a tenth of a start.
async function loadCommon(): Promise<Set<string>> {
  const { dictionary } = await import('@zxcvbn-ts/language-common')
  return new Set(dictionary['passwords-common'])
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
