import { canManageTenants } from '../../../../../../shared/permissions.ts'
import { rotateKey } from '../../../../../domain/key-rotation.ts'
import { requireTenant } from '../../../../../domain/tenants.ts'
import { definePlatformRoute } from '../../../../../http/route.ts'

/** Makes a key that takes the current one's place a while later. */
export default definePlatformRoute({ access: canManageTenants, status: 201 }, async ({ app, params, origin }) => {
  const { id, schema } = await requireTenant(app, { id: params.id! })
  return rotateKey(app, { kind: 'tenant', id, schema }, origin)
})
