import { hash } from 'node:crypto'
import type { webcrypto } from 'node:crypto'
import type { JWTPayload } from 'jose'
import type { TokenType } from './tokens.ts'

/** What a token says, if it was signed with the key. */
export interface VerifiedToken {
  key: webcrypto.CryptoKey
  kid: string
  type: TokenType
  payload: JWTPayload & { exp: number }
}

/**
 * The tokens whose signature this process has verified or made. It remembers only what never changes: that this text
 * was signed with this key. Whether the key is still valid, and the token's times, issuer and audience, are checked
 * each time; so are session, user and tenant.
 */
export interface VerifiedTokens {
  find(token: string): VerifiedToken | undefined
  add(token: string, verified: VerifiedToken): void
}

// About a kilobyte each.
const tokensLimit = 20_000

export function createVerifiedTokens(limit = tokensLimit): VerifiedTokens {
  const tokens = new Map<string, VerifiedToken>()
  return {
    find: token => tokens.get(digestOf(token)),
    add: (token, verified) => {
      if (tokens.size >= limit) tokens.delete(tokens.keys().next().value!)
      tokens.set(digestOf(token), verified)
    },
  }
}

// The tokens themselves are not kept in memory.
function digestOf(token: string): string {
  return hash('sha256', token, 'base64')
}
