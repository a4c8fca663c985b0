import { requestRestoration } from '#server/domain/archives/requests.ts'
import { presentQueued } from '#server/http/operations.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { operationAnswer } from '#shared/answers/operations.ts'
import { canManageArchives } from '#shared/permissions.ts'
import { restorationSchema } from '#shared/schemas/archives.ts'

/**
 * Replaces all of the tenant's data by an archive; `keep` archives the present data first. The operation's result is
 * `{tenant, kept}`.
 */
export default definePlatformRoute(
  {
    summary: 'Restore an organisation from an archive',
    access: canManageArchives,
    reauthentication: true,
    idempotency: 'once',
    status: 202,
    body: restorationSchema,
    answer: operationAnswer,
  },
  async ({ app, params, body, audit }) => presentQueued(app, await requestRestoration(app, params.id!, body, audit)),
)
