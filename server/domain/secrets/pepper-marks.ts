import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

// A hash does not say with which pepper it was made. So what is random beside it is made to say it, to whoever has the
// pepper. Hashes of versions before have no mark.

const saltSize = 16
const tagSize = 3

/** A salt for bcrypt: 13 random bytes, and three that mark the pepper. @returns such as `$2b$12$…` */
export function markedSalt(pepper: string, cost: number): string {
  const random = randomBytes(saltSize - tagSize)
  const salt = Buffer.concat([random, tagOf(pepper, random)])
  return `$2b$${String(cost).padStart(2, '0')}$${encodeSalt(salt)}`
}

/** Whether a bcrypt hash, of which the first 29 characters are enough, has the mark of the pepper. */
export function hasPepper(pepper: string, stored: string): boolean {
  const salt = decodeSalt(stored.slice(7, 29))
  if (salt.length !== saltSize) return false
  return timingSafeEqual(salt.subarray(saltSize - tagSize), tagOf(pepper, salt.subarray(0, saltSize - tagSize)))
}

function tagOf(pepper: string, random: Buffer): Buffer {
  return createHmac('sha256', pepper).update('salt\n').update(random).digest().subarray(0, tagSize)
}

/** The id of the row of a hashed recovery code, which marks the pepper: a UUID of version 8. */
export function markedId(pepper: string, hash: string): string {
  const bytes = createHmac('sha256', pepper).update(`id\n${hash}`).digest().subarray(0, 16)
  bytes[6] = 0x80 | (bytes[6]! & 0x0f)
  bytes[8] = 0x80 | (bytes[8]! & 0x3f)
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}

const usualAlphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
// bcrypt's base64 differs from the usual one only in its alphabet.
const bcryptAlphabet = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

function encodeSalt(salt: Buffer): string {
  return translate(salt.toString('base64').replaceAll('=', ''), usualAlphabet, bcryptAlphabet)
}

function decodeSalt(text: string): Buffer {
  return Buffer.from(translate(text, bcryptAlphabet, usualAlphabet), 'base64')
}

function translate(text: string, from: string, to: string): string {
  return [...text].map(letter => to[from.indexOf(letter)] ?? '').join('')
}
