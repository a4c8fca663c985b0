import { imageFolder } from '#server/domain/images/files.ts'
import { findPhoto } from '#server/domain/users/photos.ts'
import { imageQuery, sendImage } from '#server/http/image.ts'
import { defineTenantRoute } from '#server/http/route.ts'
import { canManageUsers } from '#shared/permissions.ts'

/** The photo of a user whom the caller can see in the directory, cropped to a square. */
export default defineTenantRoute(
  { summary: 'Get a photo', access: 'signed-in', query: imageQuery, sends: 'image/webp' },
  async ({ app, authRealm: { realm }, principal, params, query, event }) => {
    const photo = await findPhoto(realm, params.id!, canManageUsers(principal.user))
    return sendImage(event, imageFolder(app, realm, params.id!), photo, query.size, 'photo')
  },
)
