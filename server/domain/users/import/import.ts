import { violatedReference, violatedUnique } from '#server/database/errors.ts'
import type { TenantRealm } from '#server/database/realms.ts'
import { logEvent, recordAudit } from '#server/domain/audit/audit.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import { admitOutreach, isYoung } from '#server/domain/tenants/outreach.ts'
import type { ImportReport } from '#shared/answers/users.ts'
import { unavailable } from '#shared/errors.ts'
import { applyPlan, peopleToWelcome } from './apply.ts'
import { readKnownState } from './known-state.ts'
import type { ImportPlan, KnownPerson, KnownState } from './plan.ts'
import { createPlanner } from './plan.ts'
import type { ImportRow, RowError } from './rows.ts'
import { readImportRows } from './rows.ts'

export interface ImportOptions {
  /** Creates departments that the file names and that do not exist. */
  createDepartments: boolean
  /** Reports what an import would do, and changes nothing. */
  dryRun: boolean
}

type TenantAuthRealm = AuthRealm<TenantRealm>

type Rest = () => Promise<void>

/**
 * Imports a CSV file of users. A row matches a user by employee_id, or else by e-mail: the user is changed, or created
 * without a password and with a mail to choose one. Each row is done whole or reported as an error. Importing the
 * same file again changes nothing, also after an import that was interrupted.
 * @param bytes a CSV file
 * @throws ApiError 400 on `file` when it cannot be read at all; 429 where a young organisation adds too many users; 503
 */
export async function importPeople(
  app: App,
  authRealm: TenantAuthRealm,
  bytes: Buffer,
  options: ImportOptions,
  audit: AuditContext,
): Promise<ImportReport> {
  const rest = app.pacer.begin()
  const { rows, errors } = await readImportRows(bytes, rest)
  if (options.dryRun) return reportOn(await rehearse(authRealm, rows, options, rest), errors)
  const plans: ImportPlan[] = []
  try {
    for await (const plan of perform(app, authRealm, rows, options, audit, rest)) plans.push(plan)
    return reportOn(plans, errors)
  } finally {
    // What was imported before a failure stays, so it is recorded too.
    if (plans.length > 0 || rows.length === 0) await recordImport(authRealm, reportOn(plans, errors), audit)
  }
}

function reportOn(plans: ImportPlan[], errors: RowError[]): ImportReport {
  return {
    created: sum(plans, plan => plan.creations.length),
    changed: sum(plans, plan => plan.updates.length),
    unchanged: sum(plans, plan => plan.unchanged),
    errors: [...errors, ...plans.flatMap(plan => plan.errors)].sort((a, b) => a.row - b.row),
    changes: plans.flatMap(plan => plan.changes),
  }
}

async function recordImport(
  { realm }: TenantAuthRealm,
  { created, changed, unchanged, errors }: ImportReport,
  audit: AuditContext,
): Promise<void> {
  await recordAudit(realm.db, realm, audit, {
    action: 'users.imported',
    details: { created, changed, unchanged, errors: errors.length },
  })
}

async function rehearse(
  { realm, recheck }: TenantAuthRealm,
  rows: ImportRow[],
  options: ImportOptions,
  rest: Rest,
): Promise<ImportPlan[]> {
  const state: KnownState = { people: [], admins: [], departments: [] }
  const people = new Map<string, KnownPerson>()
  for (const batch of batches(rows)) {
    const known = await readKnownState(realm.db, realm, batch)
    for (const person of known.people) people.set(person.id, person)
    Object.assign(state, { admins: known.admins, departments: known.departments })
    await rest()
    await recheck?.(realm.db)
  }
  const planRows = createPlanner(options).against({ ...state, people: [...people.values()] })
  const plans: ImportPlan[] = []
  for (const batch of batches(rows)) {
    plans.push(planRows(batch))
    await rest()
  }
  return plans
}

async function* perform(
  app: App,
  authRealm: TenantAuthRealm,
  rows: ImportRow[],
  options: ImportOptions,
  audit: AuditContext,
  rest: Rest,
): AsyncGenerator<ImportPlan> {
  if (await isYoung(app, authRealm)) {
    const people = peopleToWelcome(await rehearse(authRealm, rows, options, rest))
    await admitOutreach(
      app,
      authRealm,
      people.map(({ email }) => email),
    )
  }
  const planner = createPlanner(options)
  for (const batch of batches(rows)) {
    const plan = await performBatch(app, authRealm, batch, planner, audit)
    for (const { before, fields } of plan.updates) {
      if (fields.role && fields.role !== before.role)
        logEvent(app, authRealm, audit, 'role_changed', { subject: before.id, from: before.role, to: fields.role })
    }
    yield plan
    await rest()
  }
}

// Between reading and writing, another request may add the same user or delete a department: then it is read again.
async function performBatch(
  app: App,
  authRealm: TenantAuthRealm,
  rows: ImportRow[],
  planner: ReturnType<typeof createPlanner>,
  audit: AuditContext,
): Promise<ImportPlan> {
  const { realm } = authRealm
  for (let attempt = 1; ; attempt++) {
    try {
      return await realm.transaction(async tx => {
        const state = await readKnownState(tx, realm, rows, { lock: true })
        // The caller may be among the users that change.
        await authRealm.recheck?.(tx, { isLast: state.people.some(({ id }) => id === audit.actor) })
        const plan = planner.against(state)(rows)
        await applyPlan(tx, app, authRealm, plan, audit)
        return plan
      })
    } catch (error) {
      if (!violatedUnique(error) && !violatedReference(error)) throw error
      if (attempt === attemptsLimit) throw unavailable(error)
    }
  }
}

const attemptsLimit = 3

function* batches(rows: ImportRow[]): Generator<ImportRow[]> {
  for (let start = 0; start < rows.length; start += batchSize) yield rows.slice(start, start + batchSize)
}

/** Small, so that other requests are served in between. */
const batchSize = 10

function sum(plans: ImportPlan[], countOf: (plan: ImportPlan) => number): number {
  return plans.reduce((total, plan) => total + countOf(plan), 0)
}
