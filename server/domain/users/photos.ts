import { and, eq } from 'drizzle-orm'
import type { Db, Realm } from '#server/database/realms.ts'
import { recordAudit } from '#server/domain/audit/audit.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import { imageFolder, replaceImage, tidyImages } from '#server/domain/images/files.ts'
import { renderImage } from '#server/domain/images/render.ts'
import { notFound } from '#shared/errors.ts'
import type { UserRow } from './users.ts'
import { userColumns } from './users.ts'

/**
 * Replaces the photo of a user.
 * @param bytes as uploaded
 * @throws ApiError 400 on `photo`, 404, 503, 507
 */
export async function replacePhoto(
  app: App,
  authRealm: AuthRealm,
  userId: string,
  bytes: Buffer,
  audit: AuditContext,
): Promise<UserRow> {
  const image = await renderImage(authRealm.realm.schema, bytes, 'photo', 'cover')
  return replaceImage(imageFolder(app, authRealm.realm, userId), image, name =>
    namePhoto(app, authRealm, userId, name, audit),
  )
}

/** The name of a user's photo, or null where there is none. @param asAdmin whether inactive users have one, too */
export async function findPhoto(
  { db, tables: { users } }: Realm,
  userId: string,
  asAdmin: boolean,
): Promise<string | null> {
  const visible = asAdmin ? undefined : eq(users.is_active, true)
  const rows = await db
    .select({ photo: users.photo })
    .from(users)
    .where(and(eq(users.id, userId), visible))
  return rows[0]?.photo ?? null
}

/** Deletes a user's photo; does nothing if there is none. @throws ApiError 404 */
export async function clearPhoto(
  app: App,
  authRealm: AuthRealm,
  userId: string,
  audit: AuditContext,
): Promise<UserRow> {
  return namePhoto(app, authRealm, userId, null, audit)
}

async function namePhoto(
  app: App,
  { realm }: AuthRealm,
  userId: string,
  photo: string | null,
  audit: AuditContext,
): Promise<UserRow> {
  const { former, user } = await realm.transaction(tx => changePhoto(tx, realm, userId, photo, audit))
  await tidyImages(imageFolder(app, realm, userId), former, photo)
  return user
}

// The row decides: of two simultaneous photos the later one stays, and each upload deletes the one that it replaces.
async function changePhoto(tx: Db, realm: Realm, userId: string, photo: string | null, audit: AuditContext) {
  const { users } = realm.tables
  const before = (await tx.select({ photo: users.photo }).from(users).where(eq(users.id, userId)).for('update'))[0]
  if (!before) throw notFound()
  const user = (await tx.update(users).set({ photo }).where(eq(users.id, userId)).returning(userColumns(users)))[0]!
  if (before.photo !== photo)
    await recordAudit(tx, realm, audit, {
      action: photo ? 'user.photo_replaced' : 'user.photo_cleared',
      subject: userId,
    })
  return { former: before.photo, user }
}
