import { and, desc, eq, inArray, or } from 'drizzle-orm'
import { primaryDomain, tenantOrigin } from '#server/domain/tenants/origins.ts'
import { defineSiteRoute } from '#server/http/route.ts'
import { tenantInfoAnswer } from '#shared/answers/tenants.ts'
import { notFound } from '#shared/errors.ts'
import { tenantInfoSchema } from '#shared/schemas/tenant.ts'

/** The organisation finder: returns the portal's address for an organisation's public id or subdomain. */
export default defineSiteRoute(
  { access: 'public', body: tenantInfoSchema, answer: tenantInfoAnswer },
  async ({ app, body, audit }) => {
    const {
      db,
      tables: { tenants },
    } = app.database.platform
    await app.limits.checkLinks('site', audit.ip)
    const isId = eq(tenants.tenant_id, body.tenant_id?.toUpperCase() ?? '')
    const rows = await db
      .select({ name: tenants.name, subdomain: tenants.subdomain, primary_domain: primaryDomain(tenants) })
      .from(tenants)
      .where(
        and(
          or(isId, eq(tenants.subdomain, body.subdomain?.toLowerCase() ?? '')),
          inArray(tenants.status, ['active', 'suspended']),
        ),
      )
      .orderBy(desc(isId))
      .limit(1)
    const tenant = rows[0]
    if (!tenant) {
      await app.limits.countWrongLink('site', audit.ip)
      throw notFound()
    }
    return { name: tenant.name, subdomain: tenant.subdomain, url: tenantOrigin(app.config, tenant) }
  },
)
