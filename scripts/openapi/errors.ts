import type { ErrorSources } from '#server/http/route/error-statuses.ts'
import { errorStatuses } from '#server/http/route/error-statuses.ts'
import type { Route } from '../../tests/support/routes.ts'
import type { JsonSchema } from './schemas.ts'

/** Every error that the API answers with, by status: its name among the components, and when it is answered. */
const errors: Record<number, { name: string; description: string; example: JsonSchema }> = {
  400: {
    name: 'Invalid',
    description: 'The input breaks a rule: messages by field, in English.',
    example: { email: ['Enter a valid email address.'] },
  },
  401: {
    name: 'NotAuthenticated',
    description: 'No credentials, or credentials that are not valid here and now.',
    example: { detail: 'Given token not valid for any token type', code: 'token_not_valid' },
  },
  403: {
    name: 'Forbidden',
    description: 'The caller may not do this, or the organisation is suspended.',
    example: { detail: 'You do not have permission to perform this action.' },
  },
  404: {
    name: 'NotFound',
    description: 'It does not exist, or belongs to somebody else.',
    example: { detail: 'Not found.' },
  },
  409: {
    name: 'Conflict',
    description: 'The current state does not allow it; `code` says why.',
    example: { detail: 'The last active Admin cannot be demoted, deactivated or deleted.', code: 'last_admin' },
  },
  412: {
    name: 'ChangedMeanwhile',
    description: 'It is not what `If-Match` names any more; `current` is the resource as it is now.',
    example: { detail: 'It has been changed in the meantime.', code: 'changed_meanwhile', current: {} },
  },
  413: {
    name: 'TooLarge',
    description: 'The body is larger than the limit.',
    example: { detail: 'Request body is too large.' },
  },
  415: {
    name: 'UnsupportedMediaType',
    description: 'The body has another content type.',
    example: { detail: 'Unsupported media type "text/plain" in request.' },
  },
  422: {
    name: 'KeyReused',
    description: 'The `Idempotency-Key` was used for another request.',
    example: { detail: 'This Idempotency-Key was used for another request.', code: 'idempotency_key_reused' },
  },
  429: {
    name: 'Throttled',
    description: 'A limit was reached; `Retry-After` says for how many seconds.',
    example: { detail: 'Request was throttled. Expected available in 60 seconds.' },
  },
  503: {
    name: 'Unavailable',
    description: 'The database or the server is busy, or the organisation is in maintenance; try again later.',
    example: { detail: 'Service temporarily unavailable, try again later.', code: 'unavailable' },
  },
}

const detailSchema = {
  type: 'object',
  required: ['detail'],
  properties: {
    detail: { type: 'string', description: 'What went wrong, in English.' },
    code: { type: 'string', description: 'Why, for programs; the guide lists all codes.' },
    current: { type: 'object', description: 'With 412 only: the resource as it is now.' },
    challenge: { type: 'string', description: 'With `second_factor_required` only: what has to be answered.' },
    methods: {
      type: 'array',
      items: { enum: ['password', 'totp', 'passkey', 'recovery_code'] },
      description: 'With `second_factor_required` and `reauthentication_required` only: the ways to go on.',
    },
  },
}

export const errorSchemas: Record<string, JsonSchema> = {
  Error: detailSchema,
  FieldErrors: {
    type: 'object',
    description: 'Messages by field; `non_field_errors` are about several fields.',
    additionalProperties: {
      anyOf: [{ type: 'array', items: { type: 'string' } }, { type: 'string' }],
    },
  },
}

export const errorResponses: Record<string, JsonSchema> = Object.fromEntries(
  Object.entries(errors).map(([status, { name, description, example }]) => [
    name,
    {
      description,
      content: {
        'application/json': {
          schema: { $ref: `#/components/schemas/${status === '400' ? 'FieldErrors' : 'Error'}` },
          example,
        },
      },
    },
  ]),
)

/** The references to a route's errors, by status. */
export function errorsOf(route: Route): JsonSchema {
  return Object.fromEntries(
    errorStatuses(sourcesOf(route)).map(status => [status, { $ref: `#/components/responses/${errors[status]!.name}` }]),
  )
}

function sourcesOf({ bodies, carries, ...route }: Route): ErrorSources {
  return { ...route, takesBody: bodies.length > 0 || carries !== undefined }
}
