import { and, asc, eq, inArray, or } from 'drizzle-orm'
import { violatedReference, violatedUnique } from '#server/database/errors.ts'
import type { Db, TenantRealm } from '#server/database/realms.ts'
import { logEvent, recordAudit, recordAudits } from '#server/domain/audit/audit.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { App, Origin } from '#server/domain/context.ts'
import { changesOf } from '#server/domain/lib/diff.ts'
import { enqueueMails } from '#server/domain/mail/outbox.ts'
import { openFirstLinks } from '#server/domain/sessions/links.ts'
import { endSessions } from '#server/domain/sessions/sessions.ts'
import { admitOutreach, isYoung } from '#server/domain/tenants/outreach.ts'
import { unavailable } from '#shared/errors.ts'
import type { ImportChange, ImportPlan, KnownPerson, KnownState } from './import-plan.ts'
import { createPlanner } from './import-plan.ts'
import type { ImportRow, RowError } from './import-rows.ts'
import { readImportRows } from './import-rows.ts'
import { activity } from './users.ts'

export interface ImportReport {
  created: number
  changed: number
  unchanged: number
  errors: RowError[]
  changes: ImportChange[]
}

export interface ImportOptions {
  /** Makes departments that are named and not there. */
  createDepartments: boolean
  /** Says what would be done and does nothing. */
  dryRun: boolean
}

type TenantAuthRealm = AuthRealm<TenantRealm>
type Rest = () => Promise<void>

/** Small, so that others' requests come in between. */
const batchSize = 10
const attemptsLimit = 3

/**
 * Brings the people of the file into the directory: by employee_id, or else by e-mail, who is there is changed and
 * who is not is created, without a password and with a mail to choose one. A row is done or reported, never half;
 * the same file again changes nothing, also after a run that was cut off.
 * @param bytes a CSV file
 * @throws ApiError 400 on `file` when it cannot be read at all; 429 where a young organisation adds too many; 503
 */
export async function importPeople(
  app: App,
  authRealm: TenantAuthRealm,
  bytes: Buffer,
  options: ImportOptions,
  origin: Origin,
): Promise<ImportReport> {
  const rest = app.pacer.begin()
  const { rows, errors } = await readImportRows(bytes, rest)
  const plans = options.dryRun
    ? await rehearse(authRealm.realm, rows, options, rest)
    : await perform(app, authRealm, rows, options, origin, rest)
  const report: ImportReport = {
    created: sum(plans, plan => plan.creations.length),
    changed: sum(plans, plan => plan.updates.length),
    unchanged: sum(plans, plan => plan.unchanged),
    errors: [...errors, ...plans.flatMap(plan => plan.errors)].sort((a, b) => a.row - b.row),
    changes: plans.flatMap(plan => plan.changes),
  }
  const { created, changed, unchanged } = report
  if (!options.dryRun)
    await recordAudit(authRealm.realm.db, authRealm.realm, origin, {
      action: 'users.imported',
      details: { created, changed, unchanged, errors: report.errors.length },
    })
  return report
}

async function rehearse(
  realm: TenantRealm,
  rows: ImportRow[],
  options: ImportOptions,
  rest: Rest,
): Promise<ImportPlan[]> {
  const state: KnownState = { people: [], admins: [], departments: [] }
  const people = new Map<string, KnownPerson>()
  for (const batch of batches(rows)) {
    const known = await readState(realm.db, realm, batch)
    for (const person of known.people) people.set(person.id, person)
    Object.assign(state, { admins: known.admins, departments: known.departments })
    await rest()
  }
  const planRows = createPlanner(options).against({ ...state, people: [...people.values()] })
  const plans: ImportPlan[] = []
  for (const batch of batches(rows)) {
    plans.push(planRows(batch))
    await rest()
  }
  return plans
}

async function perform(
  app: App,
  authRealm: TenantAuthRealm,
  rows: ImportRow[],
  options: ImportOptions,
  origin: Origin,
  rest: Rest,
): Promise<ImportPlan[]> {
  if (await isYoung(app, authRealm)) {
    const people = welcomed(await rehearse(authRealm.realm, rows, options, rest))
    await admitOutreach(
      app,
      authRealm,
      people.map(({ email }) => email),
    )
  }
  const planner = createPlanner(options)
  const plans: ImportPlan[] = []
  for (const batch of batches(rows)) {
    const plan = await performBatch(authRealm, batch, planner, origin)
    for (const { before, fields } of plan.updates) {
      if (fields.role && fields.role !== before.role)
        logEvent(app, authRealm, origin, 'role_changed', { subject: before.id, from: before.role, to: fields.role })
    }
    plans.push(plan)
    await rest()
  }
  return plans
}

// Somebody else may add the same person, or delete a department, between the look and the deed: then it is looked
// again.
async function performBatch(
  authRealm: TenantAuthRealm,
  rows: ImportRow[],
  planner: ReturnType<typeof createPlanner>,
  origin: Origin,
): Promise<ImportPlan> {
  const { realm } = authRealm
  for (let attempt = 1; ; attempt++) {
    try {
      return await realm.transaction(async tx => {
        const state = await readState(tx, realm, rows, { lock: true })
        // The caller may be among those whose locks were waited for.
        await authRealm.recheck?.(tx)
        const plan = planner.against(state)(rows)
        await applyPlan(tx, authRealm, plan, origin)
        return plan
      })
    } catch (error) {
      if (!violatedUnique(error) && !violatedReference(error)) throw error
      if (attempt === attemptsLimit) throw Object.assign(unavailable(), { cause: error })
    }
  }
}

async function readState(
  db: Db,
  { tables: { users, departments } }: TenantRealm,
  rows: ImportRow[],
  { lock = false } = {},
): Promise<KnownState> {
  const { id, email, first_name, last_name, employee_id, department, role, is_active } = users
  const ids = rows.flatMap(({ cells }) => cells.employee_id ?? [])
  // With all active Admins, in the order in which everyone locks them, so that the last of them stays one.
  const query = db
    .select({ id, email, first_name, last_name, employee_id, department, role, is_active })
    .from(users)
    .where(
      or(
        and(eq(role, 'Admin'), eq(is_active, true)),
        inArray(
          email,
          rows.map(({ cells }) => cells.email),
        ),
        inArray(employee_id, ids),
      ),
    )
    .orderBy(asc(id))
  const people = await (lock ? query.for('update') : query)
  return {
    people,
    admins: people.filter(person => person.role === 'Admin' && person.is_active).map(person => person.id),
    departments: await db.select({ id: departments.id, name: departments.name }).from(departments),
  }
}

async function applyPlan(
  tx: Db,
  authRealm: TenantAuthRealm,
  { creations, updates, newDepartments }: ImportPlan,
  origin: Origin,
): Promise<void> {
  const { realm } = authRealm
  const { users, departments } = realm.tables
  const now = new Date()
  if (newDepartments.length > 0)
    await tx
      .insert(departments)
      .values(newDepartments.map(department => ({ ...department, created: now, updated: now })))
  for (const {
    before,
    fields: { is_active, ...fields },
  } of updates) {
    await tx
      .update(users)
      .set({ ...fields, ...activity(before.is_active, is_active) })
      .where(eq(users.id, before.id))
    if (is_active === false) await endSessions(authRealm, origin, before.id, 'deactivation', {}, tx)
  }
  if (creations.length > 0) {
    await tx.insert(users).values(
      creations.map(({ is_active, ...person }) => ({
        ...person,
        date_joined: now,
        activated_at: now,
        deactivated_at: is_active ? null : now,
      })),
    )
  }
  const welcome = welcomed([{ creations }])
  await openFirstLinks(
    tx,
    realm,
    'reset',
    welcome.map(({ id }) => id),
  )
  await enqueueMails(
    tx,
    authRealm,
    welcome.map(({ id, email }) => ({ kind: 'welcome', to: email, data: { user: id } })),
  )
  await recordAudits(tx, realm, origin, [
    ...newDepartments.map(({ id, name }) => ({
      action: 'department.created' as const,
      subject: id,
      details: { name },
    })),
    ...updates.map(({ before, fields }) => ({
      action: 'user.changed' as const,
      subject: before.id,
      details: changesOf(before, fields),
    })),
    ...creations.map(({ id, email, role }) => ({
      action: 'user.created' as const,
      subject: id,
      details: { email, role },
    })),
  ])
}

function* batches(rows: ImportRow[]): Generator<ImportRow[]> {
  for (let start = 0; start < rows.length; start += batchSize) yield rows.slice(start, start + batchSize)
}

/** Who gets a mail. */
function welcomed(plans: Pick<ImportPlan, 'creations'>[]): ImportPlan['creations'] {
  return plans.flatMap(({ creations }) => creations.filter(person => person.is_active))
}

function sum(plans: ImportPlan[], countOf: (plan: ImportPlan) => number): number {
  return plans.reduce((total, plan) => total + countOf(plan), 0)
}
