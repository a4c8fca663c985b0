import type { H3Event } from 'h3'
import { getHeader } from 'h3'
import { keyRequest } from '#server/domain/idempotency/derive.ts'
import type { Idempotency } from '#server/domain/idempotency/keys.ts'
import { doOnce } from '#server/domain/idempotency/once.ts'
import type { Principal } from '#server/domain/sessions/principal.ts'
import { readBytes } from '#server/http/body/body.ts'
import type { OpenedRequest } from '#server/http/open-request.ts'
import type { ErrorCode } from '#shared/errors.ts'
import { ApiError } from '#shared/errors.ts'

/**
 * Does the work of a request, at most once if it has an Idempotency-Key (draft-ietf-httpapi-idempotency-key-header). A
 * caller without credentials has no keys.
 * @throws ApiError 400 if the header is malformed, 409, 422, and what the work throws
 */
export async function answerOnce(
  event: H3Event,
  kind: Idempotency | undefined,
  { app, authRealm, authority, claim }: OpenedRequest,
  known: Principal | null,
  work: () => unknown,
): Promise<unknown> {
  const header = getHeader(event, 'idempotency-key')
  if (!kind || header === undefined || !authRealm) return work()
  const principal = known ?? (await authority?.identify())
  if (!principal) return work()
  const { realm } = authRealm
  const owner = {
    schema: realm.schema,
    user: principal.user.id,
    role: principal.user.role,
    support: principal.session.support,
  }
  const parts = [event.method, event.path, readBytes(event)]
  const key = readKey(header)
  const { current, fallback } = app.config.secret
  const secrets = [current, ...(fallback ? [fallback] : [])]
  const requests = secrets.map(secret => keyRequest(secret, owner, key, parts))
  return doOnce({ app, realm, kind, requests, claim, work })
}

/**
 * Reads the key: a string of structured fields (RFC 9651, 3.3.3), or the same without its quotation marks, as most
 * clients send it.
 * @throws ApiError 400
 */
function readKey(header: string): string {
  const [, quoted, plain] = /^(?:"((?:[ !#-[\]-~]|\\["\\])+)"|([\w!#$%&'*+./:=@^`|~-]+))$/.exec(header.trim()) ?? []
  const key = quoted?.replaceAll(/\\(.)/g, '$1') ?? plain
  if (!key || key.length > 255) {
    const code: ErrorCode = 'idempotency_key_invalid'
    const detail = 'The header Idempotency-Key must be a string of 1 to 255 ASCII characters, such as a UUID.'
    throw new ApiError(400, { detail, code })
  }
  return key
}
