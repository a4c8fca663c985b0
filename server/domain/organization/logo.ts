import type { Db, TenantRealm } from '#server/database/realms.ts'
import { recordAudit } from '#server/domain/audit/audit.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import { imageFolder, replaceImage, tidyImages } from '#server/domain/images/files.ts'
import { renderImage } from '#server/domain/images/render.ts'
import { announceTenant } from '#server/domain/tenants/tenants.ts'

/**
 * Replaces the logo of the organisation.
 * @param bytes as uploaded
 * @throws ApiError 400 on `logo`, 503, 507
 */
export async function replaceLogo(
  app: App,
  authRealm: AuthRealm<TenantRealm>,
  bytes: Buffer,
  audit: AuditContext,
): Promise<void> {
  const image = await renderImage(authRealm.realm.schema, bytes, 'logo', 'inside')
  await replaceImage(imageFolder(app, authRealm.realm, 'logo'), image, name => nameLogo(app, authRealm, name, audit))
}

/** The name of the logo, or null where there is none. */
export async function findLogo({ db, tables: { settings } }: TenantRealm): Promise<string | null> {
  const rows = await db.select({ logo: settings.logo }).from(settings)
  return rows[0]?.logo ?? null
}

/** Deletes the logo; does nothing if there is none. */
export function clearLogo(app: App, authRealm: AuthRealm<TenantRealm>, audit: AuditContext): Promise<void> {
  return nameLogo(app, authRealm, null, audit)
}

async function nameLogo(
  app: App,
  { id, realm }: AuthRealm<TenantRealm>,
  logo: string | null,
  audit: AuditContext,
): Promise<void> {
  const former = await realm.transaction(async tx => {
    const before = await setLogo(tx, realm, logo)
    if (before !== logo) {
      const action = logo ? 'organization.logo_replaced' : 'organization.logo_cleared'
      await recordAudit(tx, realm, audit, { action, subject: id })
      await announceTenant(tx, id)
    }
    return before
  })
  await tidyImages(imageFolder(app, realm, 'logo'), former, logo)
}

/** @returns the one before */
async function setLogo(tx: Db, { tables: { settings } }: TenantRealm, logo: string | null): Promise<string | null> {
  const before = (await tx.select({ logo: settings.logo }).from(settings).for('update'))[0]!.logo
  await tx.update(settings).set({ logo })
  return before
}
