import type { ApiError } from '../../shared/errors.ts'
import { forbidden, unauthorized } from '../../shared/errors.ts'

/** A suspended tenant's one answer, for everything on its host. */
export function tenantInactive(): ApiError {
  return forbidden('This organisation is suspended.', 'tenant_inactive')
}

/** The one answer after which a client may forget that it was signed in. */
export function sessionRevoked(): ApiError {
  return unauthorized({ detail: 'Session has ended.', code: 'session_revoked' })
}

/** One answer, byte for byte, for an unknown address, a wrong password, and an account that may not sign in. */
export function noActiveAccount(): ApiError {
  return unauthorized({ detail: 'No active account found with the given credentials' })
}

/** To whoever signed in as a user only to look. */
export function readOnly(): ApiError {
  return forbidden('This support session is read-only.', 'read_only')
}

/** To whoever signed in as a user, for support, and does what remains the user's own to do. */
export function beyondSupport(): ApiError {
  return forbidden('This cannot be done in a support session.', 'support_refused')
}
