import { createHmac, timingSafeEqual } from 'node:crypto'

export interface FloorClaims {
  /** The user's id. */
  sub: string
  /** The tenant's subdomain. */
  tenant: string
  type: 'access' | 'refresh'
  jti?: string
  /** Seconds since 1970. */
  exp: number
}

const header = encode({ alg: 'HS256', typ: 'JWT' })

export function signJwt(claims: FloorClaims, secret: string): string {
  const input = `${header}.${encode(claims)}`
  return `${input}.${mac(input, secret).toString('base64url')}`
}

/** @returns undefined for a token that is forged or expired */
export function verifyJwt(token: string, secret: string): FloorClaims | undefined {
  const end = token.lastIndexOf('.')
  if (!token.startsWith(`${header}.`) || end <= header.length) return undefined
  const given = Buffer.from(token.slice(end + 1), 'base64url')
  const expected = mac(token.slice(0, end), secret)
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined
  const claims = JSON.parse(Buffer.from(token.slice(header.length + 1, end), 'base64url').toString()) as FloorClaims
  return claims.exp > Date.now() / 1000 ? claims : undefined
}

function mac(text: string, secret: string): Buffer {
  return createHmac('sha256', secret).update(text).digest()
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url')
}
