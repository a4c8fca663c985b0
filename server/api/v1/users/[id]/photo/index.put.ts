import { replacePhoto } from '#server/domain/users/photos.ts'
import { presentUser } from '#server/domain/users/present.ts'
import { requireVisibleUser } from '#server/domain/users/users.ts'
import { readImageBody } from '#server/http/image.ts'
import { defineTenantRoute } from '#server/http/route.ts'
import { userAnswer } from '#shared/answers/users.ts'

/**
 * Sets the caller's own photo; an Admin can set any user's. Takes the image as the body, or a form with one part
 * `photo`.
 */
export default defineTenantRoute(
  {
    summary: 'Replace a photo',
    access: 'signed-in',
    support: true,
    accepts: 'multipart/form-data',
    answer: userAnswer,
  },
  async ({ app, authRealm, principal, params, audit, event }) => {
    await requireVisibleUser(authRealm, principal.user, params.id!)
    await app.limits.countUpload(authRealm.realm.schema, principal.user.id)
    const bytes = readImageBody(event, 'photo')
    return presentUser(authRealm, await replacePhoto(app, authRealm, params.id!, bytes, audit))
  },
)
