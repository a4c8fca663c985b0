import { canManageArchives } from '../../../../../shared/permissions.ts'
import { removeArchive } from '../../../../domain/archives/store.ts'
import { recordAudit } from '../../../../domain/audit.ts'
import { definePlatformRoute } from '../../../../http/route.ts'

export default definePlatformRoute({ access: canManageArchives, status: 204 }, async ({ app, authRealm: { realm }, params, origin }) => {
  await removeArchive(app, params.name!)
  await recordAudit(realm.db, realm, origin, { action: 'archive.deleted', details: { archive: params.name } })
})
