import { presentBranding } from '../../../http/present.ts'
import { defineTenantRoute } from '../../../http/route.ts'

/** How the organisation looks, for the pages on which one is not signed in yet. */
export default defineTenantRoute({ access: 'public' }, async ({ authRealm }) => {
  const { db, tables: { settings } } = authRealm.realm
  const rows = await db.select({ logo: settings.logo, brand_color: settings.brand_color }).from(settings)
  return { name: authRealm.name, ...presentBranding(rows[0]!) }
})
