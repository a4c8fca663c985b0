import { eq } from 'drizzle-orm'
import type { Db, TenantRealm } from '#server/database/realms.ts'
import type { AuditEntry } from '#server/domain/audit/audit.ts'
import { recordAudits } from '#server/domain/audit/audit.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import { changesOf } from '#server/domain/lib/diff.ts'
import { enqueueMails } from '#server/domain/mail/outbox.ts'
import { endSessions } from '#server/domain/sessions/end.ts'
import { openFirstLinks } from '#server/domain/sessions/one-time-links.ts'
import { activity } from '#server/domain/users/change.ts'
import type { AuditAction } from '#shared/audit-actions.ts'
import type { ImportPlan } from './plan.ts'

/** Writes a plan's changes, with its mails and audit events, in the caller's transaction. @throws ApiError 429 */
export async function applyPlan(
  tx: Db,
  app: App,
  authRealm: AuthRealm<TenantRealm>,
  plan: ImportPlan,
  audit: AuditContext,
): Promise<void> {
  const now = new Date()
  await insertDepartments(tx, authRealm.realm, plan, now)
  await updateUsers(tx, authRealm, plan, audit)
  await insertUsers(tx, authRealm.realm, plan, now)
  await welcome(tx, app, authRealm, plan)
  await recordPlan(tx, authRealm.realm, plan, audit)
}

async function insertDepartments(
  tx: Db,
  { tables: { departments } }: TenantRealm,
  { newDepartments }: ImportPlan,
  now: Date,
): Promise<void> {
  if (newDepartments.length > 0)
    await tx
      .insert(departments)
      .values(newDepartments.map(department => ({ ...department, created: now, updated: now })))
}

async function updateUsers(
  tx: Db,
  authRealm: AuthRealm<TenantRealm>,
  { updates }: ImportPlan,
  audit: AuditContext,
): Promise<void> {
  for (const update of updates) {
    await updateUser(tx, authRealm.realm, update)
    if (update.fields.is_active === false) await endSessions(tx, authRealm, audit, update.before.id, 'deactivation')
  }
}

async function updateUser(
  tx: Db,
  { tables: { users } }: TenantRealm,
  { before, fields: { is_active, ...values } }: ImportPlan['updates'][number],
): Promise<void> {
  await tx
    .update(users)
    .set({ ...values, ...activity(before.is_active, is_active) })
    .where(eq(users.id, before.id))
}

async function insertUsers(
  tx: Db,
  { tables: { users } }: TenantRealm,
  { creations }: ImportPlan,
  now: Date,
): Promise<void> {
  const rows = creations.map(({ is_active, ...person }) => ({
    ...person,
    date_joined: now,
    activated_at: now,
    deactivated_at: is_active ? null : now,
  }))
  if (rows.length > 0) await tx.insert(users).values(rows)
}

async function welcome(tx: Db, app: App, authRealm: AuthRealm<TenantRealm>, plan: ImportPlan): Promise<void> {
  const people = usersToWelcome([plan])
  await app.limits.countOutreach(
    tx,
    authRealm.realm.schema,
    people.map(({ email }) => email),
  )
  const ids = people.map(({ id }) => id)
  await openFirstLinks(tx, authRealm.realm, 'reset', ids)
  await enqueueMails(
    tx,
    authRealm,
    people.map(({ id, email }) => ({ kind: 'welcome', to: email, data: { user: id } })),
  )
}

async function recordPlan(tx: Db, realm: TenantRealm, plan: ImportPlan, audit: AuditContext): Promise<void> {
  const { creations, updates, newDepartments } = plan
  await recordAudits(tx, realm, audit, [
    ...newDepartments.map(({ id, name }) => entry('department.created', id, { name })),
    ...updates.map(({ before, fields }) => entry('user.changed', before.id, changesOf(before, fields))),
    ...creations.map(({ id, email, role }) => entry('user.created', id, { email, role })),
  ])
}

function entry(action: AuditAction, subject: string, details: Record<string, unknown>): AuditEntry {
  return { action, subject, details }
}

/** The users of these plans who get a welcome mail. */
export function usersToWelcome(plans: Pick<ImportPlan, 'creations'>[]): ImportPlan['creations'] {
  return plans.flatMap(({ creations }) => creations.filter(person => person.is_active))
}
