import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto'
import { promisify } from 'node:util'
import type { Identity, Recipient, Stanza } from 'age-encryption'

/**
 * The recipient type `scrypt` of https://age-encryption.org/v1, with Node.js's scrypt: the library's own is slow, and
 * nothing else would run meanwhile.
 */

/** The base-2 logarithm of scrypt's cost, as in the tool `age`: 256 MB of memory. Nothing above it is read. */
const workFactor = 18
const label = 'age-encryption.org/v1/scrypt'

export function passphraseRecipient(passphrase: string, StanzaClass: typeof Stanza): Recipient {
  return {
    async wrapFileKey(fileKey) {
      const salt = randomBytes(16)
      const cipher = createCipheriv('chacha20-poly1305', await keyOf(passphrase, salt, workFactor), Buffer.alloc(12), {
        authTagLength: 16,
      })
      const body = Buffer.concat([cipher.update(fileKey), cipher.final(), cipher.getAuthTag()])
      return [new StanzaClass(['scrypt', withoutPadding(salt), String(workFactor)], new Uint8Array(body))]
    },
  }
}

export function passphraseIdentity(passphrase: string): Identity {
  return {
    async unwrapFileKey(stanzas) {
      const stanza = stanzas.find(({ args }) => args[0] === 'scrypt')
      if (!stanza) return null
      const [, salt = '', factor = ''] = stanza.args
      if (stanzas.length > 1 || !/^[A-Za-z0-9+/]{22}$/.test(salt) || !/^[1-9]\d?$/.test(factor))
        throw new Error('invalid scrypt stanza')
      if (Number(factor) > workFactor) throw new Error('The passphrase would take too much memory to check.')
      return decrypted(stanza.body, await keyOf(passphrase, Buffer.from(salt, 'base64'), Number(factor)))
    },
  }
}

/** @returns null where the passphrase is another one */
function decrypted(body: Uint8Array, key: Buffer): Uint8Array | null {
  if (body.length !== 32) throw new Error('invalid scrypt stanza')
  const decipher = createDecipheriv('chacha20-poly1305', key, Buffer.alloc(12), { authTagLength: 16 })
  decipher.setAuthTag(body.subarray(16))
  try {
    return new Uint8Array(Buffer.concat([decipher.update(body.subarray(0, 16)), decipher.final()]))
  } catch {
    return null
  }
}

function keyOf(passphrase: string, salt: Buffer, factor: number): Promise<Buffer> {
  const options = { N: 2 ** factor, r: 8, p: 1, maxmem: 2 ** (factor + 11) }
  return promisify<string, Buffer, number, object, Buffer>(scrypt)(
    passphrase,
    Buffer.concat([Buffer.from(label), salt]),
    32,
    options,
  )
}

function withoutPadding(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('=', '')
}
