import { newId } from '#server/database/ids.ts'
import type { UserRow } from '#server/domain/users/users.ts'
import type { ImportRow } from './rows.ts'

export type KnownPerson = Pick<
  UserRow,
  'id' | 'email' | 'first_name' | 'last_name' | 'employee_id' | 'department' | 'role' | 'is_active'
>

/** The state that the plan is based on; each row's changes are applied to it for the following rows. */
export interface KnownState {
  /** At least the users that the rows may match. */
  people: KnownPerson[]
  /** Ids of all active Admins. */
  admins: string[]
  departments: KnownDepartment[]
}

export interface KnownDepartment {
  id: string
  name: string
}

/** A known state, for looking things up, with what the rows so far leave behind. */
export interface Planning {
  createDepartments: boolean
  /** The first row with each address and employee ID, in the whole file. */
  seen: Map<string, number>
  byEmail: Map<string, KnownPerson>
  byEmployeeId: Map<string | null, KnownPerson>
  admins: Set<string>
  departments: KnownDepartment[]
}

/** @param seen of the whole file, whose batches are planned against different states */
export function beginPlanning(
  state: KnownState,
  seen: Planning['seen'],
  { createDepartments }: { createDepartments: boolean },
): Planning {
  return {
    createDepartments,
    seen,
    byEmail: new Map(state.people.map(person => [person.email, person])),
    byEmployeeId: new Map(state.people.map(person => [person.employee_id, person])),
    admins: new Set(state.admins),
    departments: [...state.departments],
  }
}

/** @returns whom a row is about: by the employee ID, or else by the address */
export function findPerson(
  { byEmail, byEmployeeId }: Planning,
  { email, employee_id }: ImportRow['cells'],
): KnownPerson | undefined {
  const holder = employee_id ? byEmployeeId.get(employee_id) : undefined
  return holder ?? byEmail.get(email)
}

/** @returns the department of this name, a new one where it is to be created, or undefined */
export function findDepartment(
  { departments, createDepartments }: Planning,
  name: string,
): KnownDepartment | undefined {
  const folded = name.toLowerCase()
  return (
    departments.find(department => department.name.toLowerCase() === folded) ??
    (createDepartments ? { id: newId(), name } : undefined)
  )
}

/** Remembers a department. @returns whether it is new */
export function addDepartment({ departments }: Planning, department: KnownDepartment): boolean {
  if (departments.includes(department)) return false
  departments.push(department)
  return true
}

/** @returns null for no department */
export function nameOfDepartment({ departments }: Planning, id: string | null): string | null {
  return departments.find(department => department.id === id)?.name ?? null
}

/** The rows that follow are planned against what this one leaves behind. */
export function remember(
  { byEmail, byEmployeeId, admins }: Planning,
  before: KnownPerson | undefined,
  after: KnownPerson,
): void {
  byEmail.set(after.email, after)
  if (before) byEmployeeId.delete(before.employee_id)
  byEmployeeId.set(after.employee_id, after)
  if (isAdmin(after)) admins.add(after.id)
  else admins.delete(after.id)
}

/** @returns the first row of the file with a value, which may be this one */
export function firstRowWith({ seen }: Planning, field: string, value: string, row: number): number {
  const key = `${field} ${value}`
  const first = seen.get(key) ?? row
  seen.set(key, first)
  return first
}

/** Whether a person is the only active Admin that is left. */
export function isLastAdmin({ admins }: Planning, id: string): boolean {
  return admins.size === 1 && admins.has(id)
}

/** Whether a person is an active Admin. */
export function isAdmin({ role, is_active }: KnownPerson): boolean {
  return role === 'Admin' && is_active
}
