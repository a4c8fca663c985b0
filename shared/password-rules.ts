export interface PasswordContext {
  email: string
  first_name: string
  last_name: string
  organization: string
}

/** What is wrong with a password; each rule's own figure or field. */
export type PasswordFault =
  | { rule: 'similar'; to: keyof PasswordContext }
  | { rule: 'short'; length: number }
  | { rule: 'long'; length: number }
  | { rule: 'common' }
  | { rule: 'numeric' }

/** In characters; an organisation may ask for more. */
export const passwordLength = { min: 12, max: 256 } as const

/**
 * The rules for passwords, for the server, which decides, and for the form, which says so while one types:
 * Django's, and that a word which is no password is none with digits and signs around it either, nor said again.
 * @param isCommon whether it is one of those that everyone thinks of, in lower case
 * @returns everything that is wrong with the password, in the order of Django's validators
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

/** What a password must not be like. */
export const passwordAttributes = ['email', 'first_name', 'last_name', 'organization'] as const

// What is said, once, between digits and signs: of `#Acme-Acme-2026` it is `acme`.
function coreOf(password: string): string {
  const letters = password.replace(/^[^\p{L}]+/u, '').replace(/[^\p{L}]+$/u, '')
  return /^(\p{L}.*?)(?:[^\p{L}]*\1)*$/su.exec(letters)?.[1] ?? ''
}

// A name of one or two letters is in any password.
function isSame(core: string, value: string): boolean {
  const plain = lettersOf(core)
  return plain.length > 2 && [value, ...value.split(/[^\p{L}\p{N}_]+/u)].some(part => lettersOf(part) === plain)
}

function lettersOf(text: string): string {
  return text.toLowerCase().replaceAll(/[^\p{L}]/gu, '')
}

// django.contrib.auth.password_validation.UserAttributeSimilarityValidator: the whole value and each word of it.
function isSimilar(lower: string, value: string): boolean {
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
  return (2 * shared) / ([...a].length + [...b].length)
}
