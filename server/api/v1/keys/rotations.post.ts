import { requestRotations } from '#server/domain/keys/rotate-all.ts'
import { presentQueued } from '#server/http/operations.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { operationAnswer } from '#shared/answers/operations.ts'
import { canManageTenants } from '#shared/permissions.ts'

/** Rotates the keys of all tenants and the console. The operation reports the progress. */
export default definePlatformRoute(
  {
    summary: 'Rotate the signing keys of all organisations',
    access: canManageTenants,
    reauthentication: true,
    idempotency: 'once',
    status: 202,
    answer: operationAnswer,
  },
  async ({ app, audit }) => presentQueued(app, await requestRotations(app, audit)),
)
