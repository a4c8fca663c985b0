import { imageFolder, readImage } from '#server/domain/images/files.ts'
import { imageQuery, sendImage } from '#server/http/image.ts'
import { defineTenantRoute } from '#server/http/route.ts'
import { notFound } from '#shared/errors.ts'

/** Public, because the sign-in page shows it. */
export default defineTenantRoute(
  { access: 'public', query: imageQuery, sends: 'image/webp' },
  async ({ app, authRealm: { realm }, query, event }) => {
    const { settings } = realm.tables
    const rows = await realm.db.select({ logo: settings.logo }).from(settings)
    if (!rows[0]?.logo) throw notFound()
    return sendImage(event, await readImage(imageFolder(app, realm, 'logo'), rows[0].logo, query.size), 'logo')
  },
)
