import { Secret, TOTP } from 'otpauth'
import { renderSVG } from 'uqr'

/** RFC 6238 as authenticator apps know it: SHA-1, six digits, 30 seconds. */
const settings = { algorithm: 'SHA1', digits: 6, period: 30 } as const

/** Steps before and after the current one whose codes are accepted: clocks differ, and typing takes a while. */
const window = 1

/** @returns 160 random bits, as RFC 4226, section 4 recommends */
export function newTotpSecret(): Buffer {
  return Buffer.from(new Secret({ size: 20 }).bytes)
}

/** @returns the secret in the forms that authenticator apps take: base32 text, URL, and a QR code as SVG */
export function presentTotp(secret: Buffer, issuer: string, label: string) {
  const totp = new TOTP({ ...settings, secret: secretOf(secret), issuer, label })
  const otpauth_url = totp.toString()
  return { secret: totp.secret.base32, otpauth_url, qr: renderSVG(otpauth_url, { border: 2 }) }
}

/**
 * Checks a code.
 * @param now milliseconds
 * @returns the time step that it belongs to, or undefined if it is wrong. The caller accepts each step once.
 */
export function findStep(secret: Buffer, code: string, now = Date.now()): number | undefined {
  const delta = TOTP.validate({ ...settings, secret: secretOf(secret), token: code, timestamp: now, window })
  return delta === null ? undefined : Math.floor(now / 1000 / settings.period) + delta
}

function secretOf(bytes: Buffer): Secret {
  return new Secret({ buffer: new Uint8Array(bytes).buffer })
}
