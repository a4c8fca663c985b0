import { rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { App } from '#server/domain/context.ts'
import type { OperationRow } from '#server/domain/operations/operations.ts'
import type { OperationReport } from '#server/domain/operations/report.ts'
import type { TenantRow } from '#server/domain/tenants/tenants.ts'
import { requireTenant } from '#server/domain/tenants/tenants.ts'
import { takeSnapshot } from './snapshot.ts'
import { archiveName, archivePath, openWorkFolder, settle } from './store.ts'
import { writeArchive } from './writer.ts'

/** The work of an operation `export`. */
export async function exportTenant(
  app: App,
  operation: OperationRow,
  report: OperationReport,
): Promise<{ archive: string; size: number }> {
  return archiveTenant(app, operation, await requireTenant(app, { id: operation.tenant! }), report)
}

/** Writes a tenant's archive once for each operation; does nothing if it already exists. */
export async function archiveTenant(
  app: App,
  operation: OperationRow,
  tenant: TenantRow,
  report: OperationReport,
): Promise<{ archive: string; size: number }> {
  const archive = archiveName(tenant.subdomain, operation.created, operation.id)
  const path = archivePath(app, archive)
  if (!(await stat(path).catch(() => undefined))) await writeInto(app, operation, tenant, path, report)
  return { archive, size: (await stat(path)).size }
}

async function writeInto(
  app: App,
  operation: OperationRow,
  tenant: TenantRow,
  path: string,
  report: OperationReport,
): Promise<void> {
  const folder = await openWorkFolder(app, operation)
  try {
    const snapshot = await takeSnapshot(app, tenant, folder, report)
    const draft = join(folder, 'archive.tar')
    await writeArchive(draft, folder, tenant, snapshot, app.config.secret, report)
    await settle(draft, path)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
