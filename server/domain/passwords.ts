import { dictionary } from '@zxcvbn-ts/language-common'

export interface PasswordContext {
  email: string
  first_name: string
  last_name: string
  organization: string
}

const shortest = 12
const maxLength = 256
const common = new Set(dictionary['passwords-common'] as string[])
const labels = { email: 'email', first_name: 'first name', last_name: 'last name', organization: 'organization' } as const

/**
 * Django's validators with Django's texts, which existing clients show as they are.
 * @param minLength in characters, where the organisation asks for more than everyone must have
 * @returns everything that is wrong with the password, or an empty list
 */
export function passwordFaults(password: string, context: PasswordContext, minLength = shortest): string[] {
  const faults: string[] = []
  const similar = (Object.keys(labels) as (keyof PasswordContext)[]).find(name => isSimilar(password, context[name]))
  if (similar) faults.push(`The password is too similar to the ${labels[similar]}.`)
  const length = [...password].length
  if (length < minLength) faults.push(`This password is too short. It must contain at least ${minLength} characters.`)
  if (length > maxLength) faults.push(`This password is too long. It must contain at most ${maxLength} characters.`)
  if (common.has(password.toLowerCase())) faults.push('This password is too common.')
  if (/^\d+$/.test(password)) faults.push('This password is entirely numeric.')
  return faults
}

// django.contrib.auth.password_validation.UserAttributeSimilarityValidator: the whole value and each word of it.
function isSimilar(password: string, value: string): boolean {
  const lower = password.toLowerCase().slice(0, maxLength)
  return [value, ...value.split(/[^\p{L}\p{N}_]+/u)]
    .map(part => part.toLowerCase())
    .filter(part => part !== '' && lower.length < part.length * 10)
    .some(part => likeness(lower, part) >= 0.7)
}

// Python's SequenceMatcher.quick_ratio: how many characters two texts have in common, in any order.
function likeness(a: string, b: string): number {
  const left = new Map<string, number>()
  for (const character of b) left.set(character, (left.get(character) ?? 0) + 1)
  let shared = 0
  for (const character of a) {
    const count = left.get(character) ?? 0
    if (count > 0) shared++
    left.set(character, count - 1)
  }
  return 2 * shared / ([...a].length + [...b].length)
}
