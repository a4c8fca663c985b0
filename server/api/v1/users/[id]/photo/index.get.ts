import { and, eq } from 'drizzle-orm'
import { imageFolder, readImage } from '#server/domain/images/files.ts'
import { imageQuery, sendImage } from '#server/http/image.ts'
import { defineTenantRoute } from '#server/http/route.ts'
import { notFound } from '#shared/errors.ts'
import { canManageUsers } from '#shared/permissions.ts'

/** The photo of a user whom the caller can see in the directory. */
export default defineTenantRoute(
  { access: 'signed-in', query: imageQuery, sends: 'image/webp' },
  async ({ app, authRealm: { realm }, principal, params, query, event }) => {
    const { users } = realm.tables
    const visible = canManageUsers(principal.user) ? undefined : eq(users.is_active, true)
    const rows = await realm.db
      .select({ photo: users.photo })
      .from(users)
      .where(and(eq(users.id, params.id!), visible))
    if (!rows[0]?.photo) throw notFound()
    return sendImage(event, await readImage(imageFolder(app, realm, params.id!), rows[0].photo, query.size), 'photo')
  },
)
