import type { ErrorCode, FieldErrors } from './errors.ts'

/** What `useApi` throws: an error response, or none at all. Its message can be shown to users. */
export class ApiFailure extends Error {
  /** The HTTP status; 0 if there was no response. */
  readonly status: number
  /** The response's body in Django REST framework's shapes, `{}` if it was not a JSON object. */
  readonly body: Readonly<Record<string, unknown>>

  constructor(status: number, body: unknown, options?: ErrorOptions) {
    const fields =
      typeof body === 'object' && body !== null && !Array.isArray(body) ? (body as Record<string, unknown>) : {}
    super(describe(status, fields), options)
    this.name = 'ApiFailure'
    this.status = status
    this.body = fields
  }

  /** The part of this error that Nuxt's own error keeps. */
  get data(): Readonly<Record<string, unknown>> {
    return this.body
  }

  get detail(): string | undefined {
    return typeof this.body.detail === 'string' ? this.body.detail : undefined
  }

  get code(): ErrorCode | undefined {
    return typeof this.body.code === 'string' ? (this.body.code as ErrorCode) : undefined
  }

  /** Messages by field; `non_field_errors` for errors of several fields. Empty unless the status is 400. */
  get fieldErrors(): FieldErrors {
    if (this.status !== 400) return {}
    return Object.fromEntries(
      Object.entries(this.body).filter((entry): entry is [string, string[]] => isTexts(entry[1])),
    )
  }
}

function describe(status: number, body: Record<string, unknown>): string {
  if (status === 0) return 'The server cannot be reached. Check your connection and try again.'
  if (status === 502 || status === 503 || status === 504)
    return 'The service is busy or away for a moment. Please try again.'
  if (typeof body.detail === 'string' && status < 500) return body.detail
  if (status === 400) return 'Please check what you have entered.'
  return 'Something went wrong. Please try again.'
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.length > 0 && value.every(text => typeof text === 'string')
}
