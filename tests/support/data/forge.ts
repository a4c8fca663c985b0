import { webcrypto } from 'node:crypto'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import type { Place, World } from '../world.ts'
import { realmOf } from '../world.ts'

/** A decoded token, and functions that create variants of it. */
export interface Genuine {
  token: string
  header: Record<string, unknown>
  claims: Record<string, unknown>
  /** Signs any header and claims with the tenant's own key, also a text that is not valid JSON. */
  sign(header: object | string, claims: object | string): Promise<string>
  /** The same token with these members of header and claims changed; undefined removes one. */
  with(changes: { header?: object; claims?: object }): Promise<string>
}

/** @param token one that the place has issued */
export function takeApart(world: World, place: Place, token: string): Genuine {
  const header = decodeProtectedHeader(token) as Record<string, unknown>
  const claims = decodeJwt(token) as Record<string, unknown>
  const sign = async (header: object | string, claims: object | string) => {
    const { privateKey } = (await world.app.keys.get(realmOf(world.app, place).realm)).signerAt(new Date())
    const key = privateKey.toCryptoKey('Ed25519', false, ['sign'])
    const text = `${encode(header)}.${encode(claims)}`
    const signature = await webcrypto.subtle.sign('Ed25519', key, Buffer.from(text))
    return `${text}.${encode(Buffer.from(signature))}`
  }
  return {
    token,
    header,
    claims,
    sign,
    with: changes => sign({ ...header, ...changes.header }, { ...claims, ...changes.claims }),
  }
}

/** A part of a compact token: base64url of bytes, of a text, or of a value as JSON. */
export function encode(part: object | string): string {
  return Buffer.from(part instanceof Uint8Array || typeof part === 'string' ? part : JSON.stringify(part)).toString(
    'base64url',
  )
}
