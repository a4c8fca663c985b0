import { getOperation } from '#server/domain/operations/operations.ts'
import { presentOperation } from '#server/domain/operations/present.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { operationAnswer } from '#shared/answers/operations.ts'
import { notFound } from '#shared/errors.ts'
import { canReadTenants } from '#shared/permissions.ts'

export default definePlatformRoute(
  { summary: 'Get an operation', access: canReadTenants, answer: operationAnswer },
  async ({ app, params }) => {
    const operation = await getOperation(app, params.id!)
    if (!operation) throw notFound()
    return presentOperation(operation)
  },
)
