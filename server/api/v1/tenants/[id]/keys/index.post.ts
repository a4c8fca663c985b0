import { rotateKey } from '#server/domain/keys/rotation.ts'
import { requireTenant } from '#server/domain/tenants/tenants.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { canManageTenants } from '#shared/permissions.ts'

/** Makes a key that takes the current one's place a while later. */
export default definePlatformRoute({ access: canManageTenants, status: 201 }, async ({ app, params, origin }) => {
  const { id, schema } = await requireTenant(app, { id: params.id! })
  return rotateKey(app, { kind: 'tenant', id, schema }, origin)
})
