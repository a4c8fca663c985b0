/** Messages by field, as in a 400 of the API; `non_field_errors` has errors of several fields. */
export type FieldErrors = Record<string, string[]>

/** Every code of the API's errors; clients may depend on these, but not on the texts. */
export type ErrorCode =
  | 'token_not_valid'
  | 'bad_authorization_header'
  | 'user_not_found'
  | 'user_inactive'
  | 'session_revoked'
  | 'second_factor_required'
  | 'second_factor_invalid'
  | 'second_factor_enrolment_required'
  | 'challenge_expired'
  | 'passkey_refused'
  | 'factor_required'
  | 'reauthentication_required'
  | 'registration_closed'
  | 'tenant_inactive'
  | 'cross_site'
  | 'last_admin'
  | 'in_use'
  | 'signup_closed'
  | 'signup_decided'
  | 'busy'
  | 'wrong_state'
  | 'changed_meanwhile'
  | 'maintenance'
  | 'tenant_moved'
  | 'storage_full'
  | 'read_only'
  | 'support_refused'
  | 'unavailable'
  | 'idempotency_key_invalid'
  | 'idempotency_key_reused'
  | 'idempotency_key_in_use'
  | 'idempotency_answer_lost'

/** An error that is thrown on purpose: it carries the response that `server/error-handler.ts` renders. */
export class ApiError extends Error {
  /** So that h3 passes it on as it is. It would wrap another error, and keep only the cause of one that has a cause. */
  static readonly __h3_error__ = true
  readonly status: number
  readonly body: Record<string, unknown>
  readonly headers: Record<string, string>
  /** Of a 429: the limit that was reached, for the record. */
  readonly limit: string | undefined
  /** The user whom it is about, for the record. */
  subject?: string

  constructor(
    status: number,
    body: Record<string, unknown>,
    headers: Record<string, string> = {},
    { limit, cause }: { limit?: string; cause?: unknown } = {},
  ) {
    super(typeof body.detail === 'string' ? body.detail : `HTTP ${status}`, { cause })
    this.name = 'ApiError'
    this.status = status
    this.body = body
    this.headers = headers
    this.limit = limit
  }
}

/** A 400 with errors by field. */
export function invalid(fields: FieldErrors): ApiError {
  return new ApiError(400, fields)
}

export function notAuthenticated(): ApiError {
  return unauthorized({ detail: 'Authentication credentials were not provided.' })
}

/** A 401 with the challenge that RFC 9110, 11.6.1 asks for. */
export function unauthorized(body: { detail: string; code?: ErrorCode; [more: string]: unknown }): ApiError {
  return new ApiError(401, body, { 'www-authenticate': 'Bearer realm="api"' })
}

export function forbidden(detail = 'You do not have permission to perform this action.', code?: ErrorCode): ApiError {
  return new ApiError(403, code ? { detail, code } : { detail })
}

/** The same for what does not exist and for another tenant's, so that nobody can distinguish them. */
export function notFound(detail = 'Not found.'): ApiError {
  return new ApiError(404, { detail })
}

export function conflict(detail: string, code: ErrorCode): ApiError {
  return new ApiError(409, { detail, code })
}

/**
 * A 412: somebody else has changed what the request was based on.
 * @param current the resource as it is now
 */
export function changedMeanwhile(current: object): ApiError {
  return new ApiError(412, {
    detail: 'It has been changed in the meantime.',
    code: 'changed_meanwhile' satisfies ErrorCode,
    current,
  })
}

/**
 * @param seconds how long to wait, at least 1
 * @param limit the name of the limit that was reached
 */
export function throttled(seconds: number, limit: string): ApiError {
  const wait = Math.max(1, Math.ceil(seconds))
  return new ApiError(
    429,
    { detail: `Request was throttled. Expected available in ${wait} second${wait === 1 ? '' : 's'}.` },
    { 'retry-after': String(wait) },
    { limit },
  )
}

/** The database or the hashing queue is full or unavailable. */
export function unavailable(cause?: unknown): ApiError {
  return new ApiError(
    503,
    { detail: 'Service temporarily unavailable, try again later.', code: 'unavailable' satisfies ErrorCode },
    { 'retry-after': '1' },
    { cause },
  )
}
