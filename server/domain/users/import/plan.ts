import { newId } from '#server/database/ids.ts'
import { differing } from '#server/domain/lib/diff.ts'
import type { UserRow } from '#server/domain/users/users.ts'
import type { ImportRow, RowError } from './rows.ts'

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
  departments: { id: string; name: string }[]
}

type Fields = Omit<KnownPerson, 'id' | 'email'>

/** A row's changes as text, with departments by name. */
export interface ImportChange {
  row: number
  action: 'create' | 'change'
  email: string
  fields: Record<string, { from: unknown; to: unknown }>
}

export interface ImportPlan {
  creations: KnownPerson[]
  /** In the order of the rows: one row may take the employee_id that an earlier one gives up. */
  updates: { before: KnownPerson; fields: Partial<Fields> }[]
  newDepartments: { id: string; name: string }[]
  unchanged: number
  errors: RowError[]
  changes: ImportChange[]
}

const ofAnother = 'The person with this employee ID has another e-mail address, which only that person can change.'

const lastAdmin = 'The last active Admin cannot be demoted, deactivated or deleted.'

const blank: Fields = {
  first_name: '',
  last_name: '',
  employee_id: null,
  department: null,
  role: 'Staff',
  is_active: true,
}

/** Plans rows, a batch at a time; duplicates are found across batches. */
export function createPlanner(options: { createDepartments: boolean }) {
  const seen = new Map<string, number>()

  return { against }

  /**
   * @returns a function that plans rows against a state, a batch at a time: each batch is planned against the result of
   * the earlier ones
   */
  function against(state: KnownState): (rows: ImportRow[]) => ImportPlan {
    let plan = emptyPlan()
    const byEmail = new Map(state.people.map(person => [person.email, person]))
    const byEmployeeId = new Map(state.people.map(person => [person.employee_id, person]))
    const admins = new Set(state.admins)
    const departments = [...state.departments]
    return rows => {
      plan = emptyPlan()
      for (const row of rows) {
        const error = planRow(row)
        if (error) plan.errors.push({ row: row.row, ...error })
      }
      return plan
    }

    function planRow({ row, cells }: ImportRow): Omit<RowError, 'row'> | undefined {
      const { email, department: name, ...given } = cells
      const before = holderOf(given.employee_id) ?? byEmail.get(email)
      const department = name ? findDepartment(name) : undefined
      const error = conflictOf(row, cells, before) ?? (name && !department ? noDepartment(name) : undefined)
      if (error) return error
      const wanted: Partial<Fields> = { ...given, department: name === null ? null : department?.id }
      const fields = differing<Fields>(before ?? blank, wanted)
      if (before && Object.keys(fields).length === 0) {
        plan.unchanged++
        return undefined
      }
      const after: KnownPerson = { ...(before ?? { ...blank, id: newId(), email }), ...fields }
      if (before && isLastAdmin(before.id) && !isAdmin(after)) {
        return { field: after.role === 'Admin' ? 'is_active' : 'role', message: lastAdmin }
      }
      addDepartment(department)
      remember(before, after)
      if (before) plan.updates.push({ before, fields })
      else plan.creations.push(after)
      plan.changes.push({ row, action: before ? 'change' : 'create', email, fields: described(before, after, fields) })
      return undefined
    }

    /** @returns the error if another row or another user has the same address or employee ID */
    function conflictOf(row: number, { email, employee_id }: ImportRow['cells'], before: KnownPerson | undefined) {
      const twice = seenBefore('email', email, row) ?? seenBefore('employee_id', employee_id, row)
      if (twice) return twice
      return before && before.email !== email ? { field: 'email', message: ofAnother } : undefined
    }

    function holderOf(employeeId: string | null | undefined): KnownPerson | undefined {
      return employeeId ? byEmployeeId.get(employeeId) : undefined
    }

    function addDepartment(department: { id: string; name: string } | undefined): void {
      if (!department || departments.includes(department)) return
      departments.push(department)
      plan.newDepartments.push(department)
    }

    /** The following rows are planned against the result of this one. */
    function remember(before: KnownPerson | undefined, after: KnownPerson): void {
      byEmail.set(after.email, after)
      if (before) byEmployeeId.delete(before.employee_id)
      byEmployeeId.set(after.employee_id, after)
      if (isAdmin(after)) admins.add(after.id)
      else admins.delete(after.id)
    }

    function seenBefore(field: 'email' | 'employee_id', value: string | null | undefined, row: number) {
      if (!value) return undefined
      const key = `${field} ${value}`
      const first = seen.get(key) ?? row
      seen.set(key, first)
      return first < row ? { field, message: `Row ${first} has the same.` } : undefined
    }

    function findDepartment(name: string): { id: string; name: string } | undefined {
      const folded = name.toLowerCase()
      return (
        departments.find(department => department.name.toLowerCase() === folded) ??
        (options.createDepartments ? { id: newId(), name } : undefined)
      )
    }

    function noDepartment(name: string) {
      return { field: 'department', message: `There is no department "${name}".` }
    }

    function isLastAdmin(id: string): boolean {
      return admins.size === 1 && admins.has(id)
    }

    function described(
      before: KnownPerson | undefined,
      after: KnownPerson,
      fields: Partial<Fields>,
    ): ImportChange['fields'] {
      const nameOf = (id: string | null) => departments.find(department => department.id === id)?.name ?? null
      const shown = (person: KnownPerson | undefined, field: keyof Fields) => {
        if (!person) return null
        return field === 'department' ? nameOf(person.department) : person[field]
      }
      return Object.fromEntries(
        (Object.keys(fields) as (keyof Fields)[]).map(field => [
          field,
          { from: shown(before, field), to: shown(after, field) },
        ]),
      )
    }
  }
}

function emptyPlan(): ImportPlan {
  return { creations: [], updates: [], newDepartments: [], unchanged: 0, errors: [], changes: [] }
}

function isAdmin(person: KnownPerson): boolean {
  return person.role === 'Admin' && person.is_active
}
