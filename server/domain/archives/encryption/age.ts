import { createReadStream, createWriteStream } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream as NodeStream } from 'node:stream/web'
import type { OpenFile } from '#server/domain/storage/storage.ts'
import { invalid } from '#shared/errors.ts'
import { passphraseIdentity, passphraseRecipient } from './passphrase.ts'

/**
 * Encryption of archives in the format of the tool `age` (https://age-encryption.org/v1), which can read and write them
 * too. Everything is streamed; the library is loaded only when it is needed.
 */

/** For whom an archive is encrypted: public keys (`age1…`), or a passphrase. */
export type Lock = { recipients: string[] } | { passphrase: string }
/** What decrypts archives: private keys (`AGE-SECRET-KEY-1…`), or a passphrase. */
export type Key = { identities: string[] } | { passphrase: string }

const firstLine = 'age-encryption.org/v1\n'
/** A header of the tool has some hundred bytes; the library itself would read any number. */
const headerLimit = 64 * 1024
const partSize = 256 * 1024

/** Whether a file claims to be encrypted. */
export async function isEncrypted(file: OpenFile): Promise<boolean> {
  return (await file.read(0, firstLine.length)).toString('latin1') === firstLine
}

/** Those of some public keys that are not valid. */
export async function findInvalidRecipients(recipients: string[]): Promise<string[]> {
  const { Encrypter } = await import('age-encryption')
  return recipients.filter(recipient => {
    try {
      new Encrypter().addRecipient(recipient)
      return false
    } catch {
      return true
    }
  })
}

/** Encrypts a file of this machine into another one. @throws Error for a public key that is not valid */
export async function encryptFile(source: string, target: string, lock: Lock): Promise<void> {
  const { Encrypter, Stanza } = await import('age-encryption')
  const encrypter = new Encrypter()
  if ('passphrase' in lock) encrypter.addRecipient(passphraseRecipient(lock.passphrase, Stanza))
  else for (const recipient of lock.recipients) encrypter.addRecipient(recipient)
  const plain = Readable.toWeb(createReadStream(source, { highWaterMark: partSize })) as ReadableStream<Uint8Array>
  const encrypted = await encrypter.encrypt(plain)
  await pipeline(Readable.fromWeb(encrypted as unknown as NodeStream), createWriteStream(target, { mode: 0o600 }))
}

/**
 * Decrypts an archive into an open file.
 * @throws ApiError 400 if the key does not fit, or the file was altered or cut off
 */
export async function decryptInto(file: OpenFile, key: Key, target: FileHandle): Promise<void> {
  const { Decrypter } = await import('age-encryption')
  const decrypter = new Decrypter()
  if ('passphrase' in key) decrypter.addIdentity(passphraseIdentity(key.passphrase))
  else for (const identity of key.identities) decrypter.addIdentity(identity)
  const parts = Readable.toWeb(Readable.from(partsOf(file), { objectMode: false })) as ReadableStream<Uint8Array>
  try {
    await requireHeader(file)
    for await (const chunk of await decrypter.decrypt(parts)) await target.write(chunk)
  } catch (error) {
    throw asRefusal(error as Error)
  }
}

async function* partsOf(file: OpenFile): AsyncGenerator<Buffer> {
  for (let at = 0; at < file.size; at += partSize) yield await file.read(at, partSize)
}

async function requireHeader(file: OpenFile): Promise<void> {
  if (!(await file.read(0, headerLimit)).includes('\n--- ')) throw new Error('no end of the header')
}

function asRefusal(error: Error): Error {
  if ('status' in error || 'code' in error) return error
  if (/no identity matched/.test(error.message))
    return invalid({ archive: ['The archive is encrypted for another key or passphrase.'] })
  if (/too much memory/.test(error.message)) return invalid({ archive: [error.message] })
  return invalid({ archive: ['The encrypted archive is damaged or has been altered.'] })
}
