import { createHash, createSign, generateKeyPairSync, randomBytes } from 'node:crypto'
import type { KeyObject } from 'node:crypto'

/** A passkey in software: what a browser and its authenticator do, without either. */
export interface SoftPasskey {
  id: string
  /** In COSE, base64url, as the server stores it. */
  publicKey: string
  /** Raises the counter by `by`. */
  count(by: number): void
  /** @returns the JSON with which a browser answers creation options */
  create(options: { challenge: string; rp: { id?: string } }, origin: string): unknown
  /** @returns the JSON with which a browser answers request options */
  sign(options: { challenge: string; rpId?: string }, origin: string, change?: Change): Assertion
}

export interface Change {
  /** Whether its user has entered a PIN or shown a finger. */
  isUserVerified?: boolean
  userHandle?: string
  type?: string
}

export interface Assertion {
  id: string
  rawId: string
  type: string
  clientExtensionResults: object
  response: { clientDataJSON: string; authenticatorData: string; signature: string; userHandle?: string }
}

/** @param userHandle the user's id, which a discoverable passkey remembers */
export function createPasskey(userHandle: string): SoftPasskey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const rawId = randomBytes(32)
  const id = rawId.toString('base64url')
  let counter = 0
  return {
    id,
    publicKey: coseKey(publicKey).toString('base64url'),
    count: by => void (counter += by),
    create({ challenge, rp }, origin) {
      const credential = Buffer.concat([Buffer.alloc(16), uint16(rawId.length), rawId, coseKey(publicKey)])
      const authData = Buffer.concat([head(rp.id!, 0x45, counter), credential])
      const attestationObject = map([
        [text('fmt'), text('none')],
        [text('attStmt'), map([])],
        [text('authData'), bytes(authData)],
      ])
      const response = {
        clientDataJSON: clientData('webauthn.create', challenge, origin).toString('base64url'),
        attestationObject: attestationObject.toString('base64url'),
        transports: ['internal'],
      }
      return { id, rawId: id, type: 'public-key', clientExtensionResults: {}, response }
    },
    sign({ challenge, rpId }, origin, change = {}) {
      const { isUserVerified = true, type = 'webauthn.get' } = change
      const client = clientData(type, challenge, origin)
      const authenticator = head(rpId!, isUserVerified ? 0x05 : 0x01, ++counter)
      const response = {
        clientDataJSON: client.toString('base64url'),
        authenticatorData: authenticator.toString('base64url'),
        signature: signed(privateKey, Buffer.concat([authenticator, sha256(client)])).toString('base64url'),
        userHandle: Buffer.from(change.userHandle ?? userHandle).toString('base64url'),
      }
      return { id, rawId: id, type: 'public-key', clientExtensionResults: {}, response }
    },
  }
}

function clientData(type: string, challenge: string, origin: string): Buffer {
  return Buffer.from(JSON.stringify({ type, challenge, origin, crossOrigin: false }))
}

/** Authenticator data, as in WebAuthn, section 6.1: flags 0x01 present, 0x04 verified, 0x40 with a credential. */
function head(rpId: string, flags: number, counter: number): Buffer {
  const tail = Buffer.alloc(5)
  tail.writeUInt8(flags)
  tail.writeUInt32BE(counter, 1)
  return Buffer.concat([sha256(Buffer.from(rpId)), tail])
}

function signed(key: KeyObject, data: Buffer): Buffer {
  return createSign('sha256').update(data).sign(key)
}

function sha256(data: Buffer): Buffer {
  return createHash('sha256').update(data).digest()
}

/** RFC 9053: an ES256 key. */
function coseKey(key: KeyObject): Buffer {
  const { x, y } = key.export({ format: 'jwk' }) as { x: string; y: string }
  return map([
    [integer(1), integer(2)],
    [integer(3), integer(-7)],
    [integer(-1), integer(1)],
    [integer(-2), bytes(Buffer.from(x, 'base64url'))],
    [integer(-3), bytes(Buffer.from(y, 'base64url'))],
  ])
}

// CBOR (RFC 8949), as much as a passkey needs.

function map(entries: [Buffer, Buffer][]): Buffer {
  return Buffer.concat([initial(5, entries.length), ...entries.flat()])
}

function text(value: string): Buffer {
  return Buffer.concat([initial(3, Buffer.byteLength(value)), Buffer.from(value)])
}

function bytes(value: Buffer): Buffer {
  return Buffer.concat([initial(2, value.length), value])
}

function integer(value: number): Buffer {
  return value < 0 ? initial(1, -1 - value) : initial(0, value)
}

function initial(major: number, value: number): Buffer {
  if (value < 24) return Buffer.from([(major << 5) | value])
  return value < 256
    ? Buffer.from([(major << 5) | 24, value])
    : Buffer.from([(major << 5) | 25, value >> 8, value & 255])
}

function uint16(value: number): Buffer {
  return Buffer.from([value >> 8, value & 255])
}
