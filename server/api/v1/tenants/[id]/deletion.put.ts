import { purgeTenant, scheduleDeletion } from '#server/domain/tenants/lifecycle/deletion.ts'
import { readTenantDetails } from '#server/domain/tenants/present.ts'
import { requireTenant } from '#server/domain/tenants/tenants.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { tenantDetailsAnswer } from '#shared/answers/tenants.ts'
import { invalid } from '#shared/errors.ts'
import { canManageTenants } from '#shared/permissions.ts'
import { deletionSchema } from '#shared/schemas/tenants.ts'

/**
 * Schedules the deletion. With `now` and the `subdomain` as confirmation it starts at once; the answer's `operation`
 * has the progress.
 */
export default definePlatformRoute(
  {
    summary: 'Schedule the deletion of an organisation',
    access: canManageTenants,
    reauthentication: true,
    body: deletionSchema,
    answer: tenantDetailsAnswer,
  },
  async ({ app, params, body, audit }) => {
    const id = params.id!
    if (body.now) {
      const { subdomain } = await requireTenant(app, { id })
      if (body.subdomain !== subdomain)
        throw invalid({ subdomain: ['Type the subdomain of the organisation to confirm.'] })
      await purgeTenant(app, id, audit)
    } else await scheduleDeletion(app, id, body.reason, audit)
    return readTenantDetails(app, id)
  },
)
