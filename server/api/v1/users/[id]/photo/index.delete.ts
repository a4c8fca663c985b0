import { clearPhoto } from '#server/domain/users/photos.ts'
import { requireVisibleUser } from '#server/domain/users/users.ts'
import { defineTenantRoute } from '#server/http/route.ts'

export default defineTenantRoute(
  { summary: 'Remove a photo', access: 'signed-in', support: true, status: 204 },
  async ({ app, authRealm, principal, params, audit }) => {
    await requireVisibleUser(authRealm, principal.user, params.id!)
    await clearPhoto(app, authRealm, params.id!, audit)
  },
)
