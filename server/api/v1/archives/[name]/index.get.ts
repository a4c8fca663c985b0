import { setResponseHeaders } from 'h3'
import { readArchiveFile } from '#server/domain/archives/store.ts'
import { recordAudit } from '#server/domain/audit/audit.ts'
import { guardDownload } from '#server/http/download/guard.ts'
import { definePlatformRoute } from '#server/http/route.ts'
import { canManageArchives } from '#shared/permissions.ts'

/** Streams the archive file. */
export default definePlatformRoute(
  { summary: 'Download an archive', access: canManageArchives, reauthentication: true, sends: 'application/x-tar' },
  async ({ app, authRealm, params, audit, event }) => {
    const { realm } = authRealm
    const name = params.name!
    const { size, parts } = await readArchiveFile(app, name)
    await recordAudit(realm.db, realm, audit, { action: 'archive.downloaded', details: { archive: name } })
    setResponseHeaders(event, {
      'content-type': 'application/x-tar',
      'content-length': size,
      'content-disposition': `attachment; filename="${name}"`,
      'content-security-policy': `default-src 'none'; frame-ancestors 'none'; sandbox`,
    })
    return guardDownload(event, authRealm, name, parts)
  },
)
