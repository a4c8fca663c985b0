import { requestClone } from '#server/domain/archives/requests.ts'
import { presentQueued } from '#server/http/operations.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { operationAnswer } from '#shared/answers/operations.ts'
import { canManageArchives } from '#shared/permissions.ts'
import { cloneSchema } from '#shared/schemas/archives.ts'

/** A copy in which nobody can be recognised. The operation's result is `{tenant, subdomain, url}`. */
export default definePlatformRoute(
  {
    summary: 'Clone an organisation',
    access: canManageArchives,
    reauthentication: true,
    idempotency: 'once',
    status: 202,
    body: cloneSchema,
    answer: operationAnswer,
  },
  async ({ app, params, body, audit }) =>
    presentQueued(app, await requestClone(app, params.id!, { ...body, by_mail: !body.keep_admin }, audit)),
)
