import { eq, inArray, isNotNull } from 'drizzle-orm'
import type { z } from 'zod'
import type { TenantRealm } from '#server/database/realms.ts'
import { recordAudit } from '#server/domain/audit/audit.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import { isOfOne, messageOf } from '#server/domain/lib/errors.ts'
import type { NewMail } from '#server/domain/mail/kinds.ts'
import { enqueueMail } from '#server/domain/mail/outbox.ts'
import { openLink } from '#server/domain/sessions/one-time-links.ts'
import { admitOutreach } from '#server/domain/tenants/outreach.ts'
import { conflict, invalid, notFound } from '#shared/errors.ts'
import { noSuchObject } from '#shared/schemas/fields.ts'
import type { bulkSchema } from '#shared/schemas/users.ts'
import type { BulkResult } from '#shared/answers/users.ts'
import type { UserChange } from './change.ts'
import { changeUser } from './change.ts'
import type { UserRow } from './users.ts'
import { userColumns } from './users.ts'

type TenantAuthRealm = AuthRealm<TenantRealm>
type Bulk = z.output<typeof bulkSchema>

/**
 * Does one action for many users, by the rules for a single one. Each is done in a separate transaction, in the given
 * order, so a refusal does not stop the others. The last active Admin stays one.
 * @throws ApiError 400 on `department` if it does not exist, 503
 */
export async function actOnMany(
  app: App,
  authRealm: TenantAuthRealm,
  { ids, ...bulk }: Bulk,
  audit: AuditContext,
): Promise<BulkResult[]> {
  const { realm } = authRealm
  if (bulk.action === 'move') await requireTarget(realm, bulk.department)
  const people = await findPeople(realm, ids)
  const results: BulkResult[] = []
  const rest = app.pacer.begin()
  for (const id of new Set(ids)) {
    results.push(await actOnOne(app, authRealm, id, people.get(id), bulk, audit))
    await rest()
  }
  return results
}

async function findPeople({ db, tables: { users } }: TenantRealm, ids: string[]): Promise<Map<string, UserRow>> {
  const found = await db.select(userColumns(users)).from(users).where(inArray(users.id, ids))
  return new Map(found.map(person => [person.id, person]))
}

async function requireTarget(
  { db, tables: { departments } }: TenantRealm,
  department: string | null | undefined,
): Promise<void> {
  if (department && (await db.$count(departments, eq(departments.id, department))) === 0)
    throw invalid({ department: [noSuchObject(department)] })
}

async function actOnOne(
  app: App,
  authRealm: TenantAuthRealm,
  id: string,
  person: UserRow | undefined,
  bulk: Omit<Bulk, 'ids'>,
  audit: AuditContext,
): Promise<BulkResult> {
  const result = { id, email: person?.email ?? null, detail: null }
  try {
    if (!person) throw notFound()
    const change = changeOf(bulk)
    if (!change) await mailPasswordLink(app, authRealm, person, audit)
    else if (isSoAlready(person, change)) return { ...result, status: 'unchanged' }
    else await changeUser(app, authRealm, id, change, audit)
    return { ...result, status: 'done' }
  } catch (error) {
    if (!isOfOne(error)) throw error
    return { ...result, status: 'refused', detail: messageOf(error) }
  }
}

function changeOf({ action, department, role }: Omit<Bulk, 'ids'>): UserChange | undefined {
  switch (action) {
    case 'move':
      return { department }
    case 'set_role':
      return { role }
    case 'deactivate':
      return { is_active: false }
    case 'reactivate':
      return { is_active: true }
    case 'send_link':
      return undefined
  }
}

function isSoAlready(person: UserRow, change: UserChange): boolean {
  return (Object.keys(change) as (keyof UserChange)[]).every(key => person[key] === change[key])
}

/**
 * Mails a user a link to choose a password, for an Admin.
 * @throws ApiError 409 if they are deactivated, 429 after many mails to one address
 */
async function mailPasswordLink(
  app: App,
  authRealm: TenantAuthRealm,
  { id, email }: UserRow,
  audit: AuditContext,
): Promise<void> {
  const { realm } = authRealm
  const hasPassword = await requireReachable(realm, id)
  await app.limits.countMail(realm.schema, email)
  await admitOutreach(app, authRealm, [email])
  await realm.transaction(async tx => {
    await app.limits.countOutreach(tx, realm.schema, [email])
    await openLink(tx, realm, 'reset', eq(realm.tables.users.id, id))
    await enqueueMail(tx, authRealm, linkMail(id, email, hasPassword))
    await recordAudit(tx, realm, audit, { action: 'user.link_sent', subject: id, details: { email } })
  })
}

/** @returns whether the user has a password. @throws ApiError 404, 409 for who is deactivated */
async function requireReachable({ db, tables: { users } }: TenantRealm, id: string): Promise<boolean> {
  const [state] = await db
    .select({ has_password: isNotNull(users.password), deactivated_at: users.deactivated_at })
    .from(users)
    .where(eq(users.id, id))
  if (!state) throw notFound()
  if (state.deactivated_at) throw conflict('This account is deactivated.', 'user_inactive')
  return Boolean(state.has_password)
}

// Who has a password gets an hour, as if they had asked themselves; who has none is welcomed, and has a week.
function linkMail(id: string, email: string, hasPassword: boolean): NewMail {
  return hasPassword
    ? { kind: 'password_reset', to: email, data: {} }
    : { kind: 'welcome', to: email, data: { user: id } }
}
