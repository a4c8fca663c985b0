export const tokenTypes = ['access', 'refresh'] as const
export type TokenType = (typeof tokenTypes)[number]

/** The claims of a verified token. */
export interface Claims {
  user_id: string
  sid: string
  /** In refresh tokens only: the session's counter when the token was made. */
  seq: number
}

export type TokenFault = 'Token is invalid' | 'Token is expired' | 'Token has wrong type'

/** Why a token was refused. */
export class TokenError extends Error {
  readonly fault: TokenFault

  constructor(fault: TokenFault) {
    super(fault)
    this.fault = fault
  }
}

/** What a session's tokens say. */
export interface LiveSession {
  id: string
  user_id: string
  counter: number
  rotated_at: Date
  expires_at: Date
  /** When the user last proved that it is them. */
  authenticated_at: Date
  /** How, as in RFC 8176. */
  amr: string[]
}

/** The `typ` of a token's header. */
export const headerTypes = { access: 'at+jwt', refresh: 'rt+jwt' } as const

/** Encodes a token's header or payload. */
export function encodePart(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url')
}
