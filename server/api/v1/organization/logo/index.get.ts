import { imageFolder } from '#server/domain/images/files.ts'
import { findLogo } from '#server/domain/organization/logo.ts'
import { imageQuery, sendImage } from '#server/http/image.ts'
import { defineTenantRoute } from '#server/http/route.ts'

/** Public, because the sign-in page shows it. `size` is the longer side. */
export default defineTenantRoute(
  { summary: 'Get the logo', access: 'public', query: imageQuery, sends: 'image/webp' },
  async ({ app, authRealm: { realm }, query, event }) =>
    sendImage(event, imageFolder(app, realm, 'logo'), await findLogo(realm), query.size, 'logo'),
)
