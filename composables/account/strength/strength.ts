import { ZxcvbnFactory } from '@zxcvbn-ts/core'
import { adjacencyGraphs, dictionary } from '@zxcvbn-ts/language-common'

// 180 kB over the network: imported only where a user types a new password.
const zxcvbn = new ZxcvbnFactory({ dictionary, graphs: adjacencyGraphs })
const common = new Set(dictionary['passwords-common'])

/**
 * Estimates how hard a password is to guess.
 * @param words what is publicly known of its owner
 * @returns from 0 (guessed at once) to 4 (very hard)
 */
export function measureStrength(password: string, words: string[]): number {
  return zxcvbn.check(password, words).score
}

/** Whether the server refuses it as too common. */
export function isCommon(password: string): boolean {
  return common.has(password)
}
