import { expect, test } from 'vitest'
import { findStep } from '#server/domain/factors/totp.ts'

const secret = Buffer.from('12345678901234567890')

/** RFC 6238, appendix B, with SHA-1: seconds, and the last six of its eight digits. */
const vectors = [
  [59, '287082'],
  [1_111_111_109, '081804'],
  [1_111_111_111, '050471'],
  [1_234_567_890, '005924'],
  [2_000_000_000, '279037'],
  [20_000_000_000, '353130'],
] as const

test.each(vectors)('at %d seconds the code is %s, for its step and one around it', (seconds, code) => {
  const step = Math.floor(seconds / 30)
  const found = (steps: number) => findStep(secret, code, (seconds + steps * 30) * 1000)
  expect([-2, -1, 0, 1, 2].map(found)).toEqual([undefined, step, step, step, undefined])
})

test.each([...vectors.map(([, code]) => `94${code}`), '28708', '', '287082 '])('%j is no code', code => {
  expect(findStep(secret, code, 59_000)).toBeUndefined()
})
