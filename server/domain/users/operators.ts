import { consoleRealm } from '#server/domain/auth-realm.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import { newSigningKey } from '#server/domain/keys/ring.ts'
import { inviteLife, issuePasswordLink } from '#server/domain/sessions/one-time-links.ts'
import type { Role } from '#shared/answers/users.ts'
import { createUser } from './create.ts'
import type { UserRow } from './users.ts'

/**
 * Creates an operator: a user of the platform's own realm, by default an Owner.
 * @param input password in plain text, or null to get a link to set one
 * @throws ApiError 400 naming the field
 */
export async function createOperator(
  app: App,
  input: { email: string; password: string | null; role?: Role },
  audit: AuditContext,
): Promise<{ user: UserRow; url: string; password_link: string | null }> {
  const authRealm = consoleRealm(app)
  await ensureSigningKey(app)
  return authRealm.realm.transaction(async tx => {
    const user = await createUser(app, authRealm, { role: 'Admin', ...input }, audit, tx)
    const password_link = input.password === null ? await issuePasswordLink(tx, authRealm, user.id, inviteLife) : null
    return { user, url: authRealm.origin, password_link }
  })
}

/** The platform's realm gets its signing key when it first needs one, because a migration cannot encrypt it. */
export async function ensureSigningKey({ database: { platform }, config }: App): Promise<void> {
  const { signing_keys: keys } = platform.tables
  const rows = await platform.db.select({ kid: keys.kid }).from(keys).limit(1)
  if (rows.length > 0) return
  await platform.db
    .insert(keys)
    .values(await newSigningKey(platform.schema, config.secret, new Date()))
    .onConflictDoNothing()
}
