import { violatedReference, violatedUnique } from '#server/database/errors.ts'
import type { Db, TenantRealm } from '#server/database/realms.ts'
import { logEvent, recordAudit } from '#server/domain/audit/audit.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import { admitOutreach, isYoung } from '#server/domain/tenants/outreach.ts'
import type { ImportReport } from '#shared/answers/users.ts'
import { unavailable } from '#shared/errors.ts'
import type { TextEncoding } from '#shared/table/encoding.ts'
import { applyPlan, usersToWelcome } from './apply.ts'
import { readKnownState } from './known-state.ts'
import type { ImportPlan } from './plan.ts'
import { createPlanner } from './plan.ts'
import type { KnownPerson, KnownState } from './lookups.ts'
import type { ImportFile, ImportRow } from './rows.ts'
import { readImportFile } from './rows.ts'

export interface ImportOptions {
  /** Creates departments that the file names and that do not exist. */
  createDepartments: boolean
  /** Reports what an import would do, and changes nothing. */
  dryRun: boolean
  /** Of a file that is not Unicode. */
  encoding?: TextEncoding
}

type TenantAuthRealm = AuthRealm<TenantRealm>

/** One import of one file. */
interface ImportRun {
  app: App
  authRealm: TenantAuthRealm
  options: ImportOptions
  audit: AuditContext
  rest: () => Promise<void>
}

/**
 * Imports a CSV file of users. A row matches a user by employee_id, or else by e-mail: the user is changed, or created
 * without a password and with a mail to choose one. Each row is done whole or reported as an error. Importing the
 * same file again changes nothing, also after an import that was interrupted.
 * @param bytes a CSV file
 * @throws ApiError 400 on `file` when it cannot be read at all; 429 where a young organisation adds too many users; 503
 */
export async function importUsers(
  app: App,
  authRealm: TenantAuthRealm,
  bytes: Buffer,
  options: ImportOptions,
  audit: AuditContext,
): Promise<ImportReport> {
  const run: ImportRun = { app, authRealm, options, audit, rest: app.pacer.begin() }
  const file = await readImportFile(bytes, { encoding: options.encoding, isGuessed: options.dryRun }, run.rest)
  return options.dryRun ? reportOn(await rehearse(run, file.rows), file) : importRows(run, file)
}

async function importRows(run: ImportRun, file: ImportFile): Promise<ImportReport> {
  const { rows } = file
  const plans: ImportPlan[] = []
  try {
    for await (const plan of perform(run, rows)) plans.push(plan)
    return reportOn(plans, file)
  } finally {
    // What was imported before a failure stays, so it is recorded too.
    if (plans.length > 0 || rows.length === 0) await recordImport(run, reportOn(plans, file))
  }
}

function reportOn(plans: ImportPlan[], { errors, ignored, encoding }: ImportFile): ImportReport {
  return {
    created: sum(plans, plan => plan.creations.length),
    changed: sum(plans, plan => plan.updates.length),
    unchanged: sum(plans, plan => plan.unchanged),
    errors: [...errors, ...plans.flatMap(plan => plan.errors)].sort((a, b) => a.row - b.row),
    changes: plans.flatMap(plan => plan.changes),
    ignored_columns: ignored,
    encoding,
  }
}

async function recordImport(
  { authRealm: { realm }, audit }: ImportRun,
  { created, changed, unchanged, errors }: ImportReport,
): Promise<void> {
  await recordAudit(realm.db, realm, audit, {
    action: 'users.imported',
    details: { created, changed, unchanged, errors: errors.length },
  })
}

async function rehearse(run: ImportRun, rows: ImportRow[]): Promise<ImportPlan[]> {
  const planRows = createPlanner(run.options).against(await readStateOfAll(run, rows))
  const plans: ImportPlan[] = []
  for (const batch of batches(rows)) {
    plans.push(planRows(batch))
    await run.rest()
  }
  return plans
}

async function readStateOfAll({ authRealm, rest }: ImportRun, rows: ImportRow[]): Promise<KnownState> {
  const { realm, recheck } = authRealm
  const people = new Map<string, KnownPerson>()
  let last: KnownState = { people: [], admins: [], departments: [] }
  for (const batch of batches(rows)) {
    last = await readKnownState(realm.db, realm, batch)
    for (const person of last.people) people.set(person.id, person)
    await rest()
    await recheck?.(realm.db)
  }
  return { ...last, people: [...people.values()] }
}

async function* perform(run: ImportRun, rows: ImportRow[]): AsyncGenerator<ImportPlan> {
  const { app, authRealm, options } = run
  if (await isYoung(app, authRealm)) await admitNewPeople(run, rows)
  const planner = createPlanner(options)
  for (const batch of batches(rows)) {
    const plan = await performBatch(run, batch, planner)
    logRoleChanges(run, plan)
    yield plan
    await run.rest()
  }
}

async function admitNewPeople(run: ImportRun, rows: ImportRow[]): Promise<void> {
  const people = usersToWelcome(await rehearse(run, rows))
  const emails = people.map(({ email }) => email)
  await admitOutreach(run.app, run.authRealm, emails)
}

type Planner = ReturnType<typeof createPlanner>

// Between reading and writing, another request may add the same user or delete a department: then it is read again.
async function performBatch(run: ImportRun, rows: ImportRow[], planner: Planner): Promise<ImportPlan> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await run.authRealm.realm.transaction(tx => tryBatch(tx, run, rows, planner))
    } catch (error) {
      if (!violatedUnique(error) && !violatedReference(error)) throw error
      if (attempt === attemptsLimit) throw unavailable(error)
    }
  }
}

const attemptsLimit = 3

async function tryBatch(tx: Db, run: ImportRun, rows: ImportRow[], planner: Planner): Promise<ImportPlan> {
  const { app, authRealm, audit } = run
  const state = await readKnownState(tx, authRealm.realm, rows, { lock: true })
  // The caller may be among the users that change.
  await authRealm.recheck?.(tx, { isLast: state.people.some(({ id }) => id === audit.actor) })
  const plan = planner.against(state)(rows)
  await applyPlan(tx, app, authRealm, plan, audit)
  return plan
}

function logRoleChanges({ app, authRealm, audit }: ImportRun, { updates }: ImportPlan): void {
  for (const { before, fields } of updates) {
    if (fields.role && fields.role !== before.role)
      logEvent(app, authRealm, audit, 'role_changed', { subject: before.id, from: before.role, to: fields.role })
  }
}

function* batches(rows: ImportRow[]): Generator<ImportRow[]> {
  for (let start = 0; start < rows.length; start += batchSize) yield rows.slice(start, start + batchSize)
}

/** Small, so that other requests are served in between. */
const batchSize = 10

function sum(plans: ImportPlan[], countOf: (plan: ImportPlan) => number): number {
  return plans.reduce((total, plan) => total + countOf(plan), 0)
}
