import { findOrganization } from '#server/domain/tenants/finder.ts'
import { tenantOrigin } from '#server/domain/tenants/origins.ts'
import { defineSiteRoute } from '#server/http/route.ts'
import { tenantInfoAnswer } from '#shared/answers/tenants.ts'
import { notFound } from '#shared/errors.ts'
import { tenantInfoSchema } from '#shared/schemas/tenants.ts'

/** The organisation finder: returns the portal's address for an organisation's public id or subdomain. */
export default defineSiteRoute(
  { summary: 'Find an organisation', access: 'public', body: tenantInfoSchema, answer: tenantInfoAnswer },
  async ({ app, body, audit }) => {
    await app.limits.checkLinks('site', audit.ip)
    const tenant = await findOrganization(app, body)
    if (!tenant) {
      await app.limits.countWrongLink('site', audit.ip)
      throw notFound()
    }
    return { name: tenant.name, subdomain: tenant.subdomain, url: tenantOrigin(app.config, tenant) }
  },
)
