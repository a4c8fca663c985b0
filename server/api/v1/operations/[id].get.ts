import { notFound } from '../../../../shared/errors.ts'
import { canReadTenants } from '../../../../shared/permissions.ts'
import { getOperation } from '../../../domain/operations.ts'
import { presentOperation } from '../../../http/present.ts'
import { definePlatformRoute } from '../../../http/route.ts'

export default definePlatformRoute({ access: canReadTenants }, async ({ app, params }) => {
  const operation = await getOperation(app, params.id!)
  if (!operation) throw notFound()
  return presentOperation(operation)
})
