export interface PasswordContext {
  email: string
  first_name: string
  last_name: string
  organization: string
}

/** A broken rule, with its number or field. */
export type PasswordFault =
  | { rule: 'similar'; to: keyof PasswordContext }
  | { rule: 'short'; length: number }
  | { rule: 'long'; length: number }
  | { rule: 'common' }
  | { rule: 'numeric' }

/** In characters; an organisation may set a higher minimum. */
export const passwordLength = { min: 12, max: 256 } as const

/**
 * The password rules, for the server, which decides, and for the form, which shows them while the user types. They
 * are Django's, with one addition: digits and symbols around a forbidden word, or a repetition of it, do not make it
 * valid.
 * @param isCommon whether a lower-case password is one of the common ones
 * @returns every broken rule, in the order of Django's validators
 */
export function findPasswordFaults(
  password: string,
  context: Partial<PasswordContext>,
  isCommon: (password: string) => boolean,
  minLength: number = passwordLength.min,
): PasswordFault[] {
  const faults: PasswordFault[] = []
  const lower = password.toLowerCase().slice(0, passwordLength.max)
  const core = coreOf(lower)
  const similar = passwordAttributes.find(
    name => isSimilar(lower, context[name] ?? '') || isSame(core, context[name] ?? ''),
  )
  if (similar) faults.push({ rule: 'similar', to: similar })
  const length = [...password].length
  if (length < minLength) faults.push({ rule: 'short', length: minLength })
  if (length > passwordLength.max) faults.push({ rule: 'long', length: passwordLength.max })
  if (isCommon(lower) || isCommon(core)) faults.push({ rule: 'common' })
  if (/^\d+$/.test(password)) faults.push({ rule: 'numeric' })
  return faults
}

/** The user's data that a password must not resemble. */
export const passwordAttributes = ['email', 'first_name', 'last_name', 'organization'] as const

// The word between digits and symbols, without repetition: `acme` for `#Acme-Acme-2026`.
function coreOf(password: string): string {
  const letters = password.replace(/^[^\p{L}]+/u, '').replace(/[^\p{L}]+$/u, '')
  return /^(\p{L}.*?)(?:[^\p{L}]*\1)*$/su.exec(letters)?.[1] ?? ''
}

// A name of one or two letters is part of many passwords.
function isSame(core: string, value: string): boolean {
  const plain = lettersOf(core)
  return plain.length > 2 && [value, ...value.split(/[^\p{L}\p{N}_]+/u)].some(part => lettersOf(part) === plain)
}

function lettersOf(text: string): string {
  return text.toLowerCase().replaceAll(/[^\p{L}]/gu, '')
}

// django.contrib.auth.password_validation.UserAttributeSimilarityValidator: compares the whole value and each of its
// words.
function isSimilar(lower: string, value: string): boolean {
  return [value, ...value.split(/[^\p{L}\p{N}_]+/u)]
    .map(part => part.toLowerCase())
    .filter(part => part !== '' && lower.length < part.length * 10)
    .some(part => likeness(lower, part) >= 0.7)
}

// Python's SequenceMatcher.quick_ratio: the share of common characters of two texts, in any order.
function likeness(a: string, b: string): number {
  const left = new Map<string, number>()
  for (const character of b) left.set(character, (left.get(character) ?? 0) + 1)
  let shared = 0
  for (const character of a) {
    const count = left.get(character) ?? 0
    if (count > 0) shared++
    left.set(character, count - 1)
  }
  return (2 * shared) / ([...a].length + [...b].length)
}
