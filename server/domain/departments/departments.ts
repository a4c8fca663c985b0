import { eq, inArray } from 'drizzle-orm'
import { violatedReference, violatedUnique } from '#server/database/errors.ts'
import { newId } from '#server/database/ids.ts'
import type { Db, TenantRealm } from '#server/database/realms.ts'
import { conflict, invalid, notFound } from '#shared/errors.ts'
import { noSuchObject } from '#shared/schemas/fields.ts'
import type { Precondition } from '#server/domain/lib/etag.ts'
import { etagOf, requireMatch } from '#server/domain/lib/etag.ts'
import { recordAudit, recordAudits } from '#server/domain/audit/audit.ts'
import type { AuditContext } from '#server/domain/context.ts'

export interface DepartmentRow {
  id: string
  name: string
  created: Date
  updated: Date
}

/** A department's columns, by name. */
export function departmentColumns(departments: TenantRealm['tables']['departments']) {
  return { id: departments.id, name: departments.name, created: departments.created, updated: departments.updated }
}

/** A department as the API shows it. */
export function presentDepartment<Row extends DepartmentRow>(department: Row) {
  return { ...department, etag: etagOf({ name: department.name }) }
}

/** @throws ApiError 404 */
export async function requireDepartment(
  { db, tables: { departments } }: TenantRealm,
  id: string,
): Promise<DepartmentRow> {
  const rows = await db.select(departmentColumns(departments)).from(departments).where(eq(departments.id, id))
  if (!rows[0]) throw notFound()
  return rows[0]
}

/** @throws ApiError 400 when the name is taken, ignoring case */
export async function createDepartment(realm: TenantRealm, name: string, audit: AuditContext): Promise<DepartmentRow> {
  const { departments } = realm.tables
  const now = new Date()
  return explained(() =>
    realm.transaction(async tx => {
      const rows = await tx
        .insert(departments)
        .values({ id: newId(), name, created: now, updated: now })
        .returning(departmentColumns(departments))
      const department = rows[0]!
      await recordAudit(tx, realm, audit, { action: 'department.created', subject: department.id, details: { name } })
      return department
    }),
  )
}

/** @throws ApiError 404, 412, or 400 when the name is taken */
export async function renameDepartment(
  realm: TenantRealm,
  id: string,
  name: string,
  audit: AuditContext,
  precondition?: Precondition,
): Promise<DepartmentRow> {
  return explained(() =>
    realm.transaction(async tx => {
      const before = await lockDepartment(tx, realm, id)
      requireMatch(precondition, presentDepartment(before))
      const department = await changeName(tx, realm, id, name)
      const details = { name: { from: before.name, to: name } }
      if (before.name !== name)
        await recordAudit(tx, realm, audit, { action: 'department.renamed', subject: id, details })
      return department
    }),
  )
}

async function lockDepartment(tx: Db, { tables: { departments } }: TenantRealm, id: string): Promise<DepartmentRow> {
  const columns = departmentColumns(departments)
  const rows = await tx.select(columns).from(departments).where(eq(departments.id, id)).for('update')
  if (!rows[0]) throw notFound()
  return rows[0]
}

async function changeName(
  tx: Db,
  { tables: { departments } }: TenantRealm,
  id: string,
  name: string,
): Promise<DepartmentRow> {
  const rows = await tx
    .update(departments)
    .set({ name, updated: new Date() })
    .where(eq(departments.id, id))
    .returning(departmentColumns(departments))
  return rows[0]!
}

/** @throws ApiError 404, or 409 `in_use` while users belong to it */
export async function deleteDepartment(realm: TenantRealm, id: string, audit: AuditContext): Promise<void> {
  const { departments } = realm.tables
  await explained(() =>
    realm.transaction(async tx => {
      const rows = await tx.delete(departments).where(eq(departments.id, id)).returning({ name: departments.name })
      if (!rows[0]) throw notFound()
      await recordAudit(tx, realm, audit, { action: 'department.deleted', subject: id, details: rows[0] })
    }),
  )
}

/**
 * Moves all users of a department to another.
 * @returns how many were moved
 * @throws ApiError 404 for the old department, 400 for the new one
 */
export async function transferUsers(
  realm: TenantRealm,
  from: string,
  to: string,
  audit: AuditContext,
): Promise<number> {
  await requireDepartment(realm, from)
  await requireTarget(realm, to)
  const transfer = () =>
    realm.transaction(async tx => {
      const people = await transferAll(tx, realm, from, to, audit)
      await recordAudit(tx, realm, audit, { action: 'department.transferred', subject: from, details: { to, people } })
      return people
    })
  return explained(transfer, to)
}

async function requireTarget({ db, tables: { departments } }: TenantRealm, id: string): Promise<void> {
  if ((await db.$count(departments, eq(departments.id, id))) === 0) throw invalid({ department: [noSuchObject(id)] })
}

async function transferAll(tx: Db, realm: TenantRealm, from: string, to: string, audit: AuditContext): Promise<number> {
  let total = 0
  for (;;) {
    const moved = await transferSome(tx, realm, from, to, audit)
    total += moved
    if (moved < transferSize) return total
  }
}

/** Few enough that a statement stays far below its time limit. */
const transferSize = 250

async function transferSome(
  tx: Db,
  realm: TenantRealm,
  from: string,
  to: string,
  audit: AuditContext,
): Promise<number> {
  const moved = await moveSome(tx, realm, from, to)
  const details = { department: { from, to } }
  await recordAudits(
    tx,
    realm,
    audit,
    moved.map(({ id }) => ({ action: 'user.changed', subject: id, details })),
  )
  return moved.length
}

function moveSome(tx: Db, { tables: { users } }: TenantRealm, from: string, to: string) {
  const some = tx
    .select({ id: users.id })
    .from(users)
    .where(eq(users.department, from))
    .orderBy(users.id)
    .limit(transferSize)
    .for('update')
  return tx.update(users).set({ department: to }).where(inArray(users.id, some)).returning({ id: users.id })
}

async function explained<T>(work: () => Promise<T>, to = ''): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (violatedUnique(error) === 'departments_name')
      throw invalid({ name: ['A department with this name already exists.'] })
    if (violatedReference(error) === 'users_department_fk') {
      throw to
        ? invalid({ department: [noSuchObject(to)] })
        : conflict('People belong to this department. Move them to another one first.', 'in_use')
    }
    throw error
  }
}
