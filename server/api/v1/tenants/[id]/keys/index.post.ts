import { rotateKey } from '#server/domain/keys/rotate.ts'
import { requireTenant } from '#server/domain/tenants/tenants.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { rotationAnswer } from '#shared/answers/keys.ts'
import { canManageTenants } from '#shared/permissions.ts'

/** Creates a key that replaces the current one after a lead time. 409 `wrong_state` while one is on its way. */
export default definePlatformRoute(
  {
    summary: 'Rotate the signing key of an organisation',
    access: canManageTenants,
    reauthentication: true,
    idempotency: 'once',
    status: 201,
    answer: rotationAnswer,
  },
  async ({ app, params, audit }) => {
    const { id, schema } = await requireTenant(app, { id: params.id! })
    return rotateKey(app, { kind: 'tenant', id, schema }, audit)
  },
)
