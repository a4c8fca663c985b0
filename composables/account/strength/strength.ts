import { ZxcvbnFactory } from '@zxcvbn-ts/core'
import { adjacencyGraphs, dictionary } from '@zxcvbn-ts/language-common'

// 180 kB on the wire, so only ever imported where someone types a new password.
const zxcvbn = new ZxcvbnFactory({ dictionary, graphs: adjacencyGraphs })
const common = new Set(dictionary['passwords-common'])

/**
 * How hard a password is to guess.
 * @param words what everyone knows of its owner
 * @returns 0, at once, to 4, hardly ever
 */
export function measureStrength(password: string, words: string[]): number {
  return zxcvbn.check(password, words).score
}

/** Whether it is one of those that the server refuses. */
export function isCommon(password: string): boolean {
  return common.has(password)
}
