import { requestNewFromArchive } from '#server/domain/archives/requests.ts'
import { presentQueued } from '#server/http/operations.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { operationAnswer } from '#shared/answers/operations.ts'
import { canManageArchives } from '#shared/permissions.ts'
import { newFromArchiveSchema } from '#shared/schemas/archives.ts'

/** Restores the archive as a new organisation. The operation's result is `{tenant, subdomain, url}`. */
export default definePlatformRoute(
  {
    summary: 'Restore an archive as a new organisation',
    access: canManageArchives,
    reauthentication: true,
    idempotency: 'once',
    status: 202,
    body: newFromArchiveSchema,
    answer: operationAnswer,
  },
  async ({ app, params, body, audit }) =>
    presentQueued(app, await requestNewFromArchive(app, { archive: params.name!, ...body }, audit)),
)
