import { newId } from '#server/database/ids.ts'
import { differing } from '#server/domain/lib/diff.ts'
import { lastAdminText } from '#server/domain/users/last-admin.ts'
import type { KnownDepartment, KnownPerson, KnownState, Planning } from './lookups.ts'
import {
  addDepartment,
  beginPlanning,
  findDepartment,
  findPerson,
  firstRowWith,
  isAdmin,
  isLastAdmin,
  nameOfDepartment,
  remember,
} from './lookups.ts'
import type { ImportRow, RowError } from './rows.ts'

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
  return {
    /**
     * @returns what plans rows against a state, a batch at a time: each batch against what those before it leave
     * behind
     */
    against(state: KnownState): (rows: ImportRow[]) => ImportPlan {
      const planning = beginPlanning(state, seen, options)
      return rows => planRows(planning, rows)
    },
  }
}

type Fault = Omit<RowError, 'row'>

function planRows(planning: Planning, rows: ImportRow[]): ImportPlan {
  const plan = emptyPlan()
  for (const row of rows) {
    const fault = planRow(planning, plan, row)
    if (fault) plan.errors.push({ row: row.row, ...fault })
  }
  return plan
}

function emptyPlan(): ImportPlan {
  return { creations: [], updates: [], newDepartments: [], unchanged: 0, errors: [], changes: [] }
}

/** Adds what a row does to the plan. @returns what is wrong with the row, where it does nothing */
function planRow(planning: Planning, plan: ImportPlan, { row, cells }: ImportRow): Fault | undefined {
  const before = findPerson(planning, cells)
  const department = cells.department ? findDepartment(planning, cells.department) : undefined
  const fault = conflictOf(planning, row, cells, before) ?? departmentFault(cells, department)
  if (fault) return fault
  return planChange(planning, plan, row, changeOf(cells, before, department))
}

/** @returns what is wrong where another row, or another person, has the same address or employee ID */
function conflictOf(
  planning: Planning,
  row: number,
  { email, employee_id }: ImportRow['cells'],
  before: KnownPerson | undefined,
): Fault | undefined {
  const twice = seenBefore(planning, 'email', email, row) ?? seenBefore(planning, 'employee_id', employee_id, row)
  if (twice) return twice
  return before && before.email !== email ? { field: 'email', message: ofAnother } : undefined
}

function seenBefore(
  planning: Planning,
  field: 'email' | 'employee_id',
  value: string | null | undefined,
  row: number,
): Fault | undefined {
  if (!value) return undefined
  const first = firstRowWith(planning, field, value, row)
  return first < row ? { field, message: `Row ${first} has the same.` } : undefined
}

function departmentFault({ department: name }: ImportRow['cells'], department: KnownDepartment | undefined) {
  if (!name || department) return undefined
  return { field: 'department', message: `There is no department "${name}".` }
}

/** What a row does to one person. */
interface PersonChange {
  /** Undefined for a person who is created. */
  before: KnownPerson | undefined
  after: KnownPerson
  fields: Partial<Fields>
  department: KnownDepartment | undefined
}

function changeOf(
  { email, department: name, ...given }: ImportRow['cells'],
  before: KnownPerson | undefined,
  department: KnownDepartment | undefined,
): PersonChange {
  const wanted: Partial<Fields> = { ...given, department: name === null ? null : department?.id }
  const fields = differing<Fields>(before ?? blank, wanted)
  const after = { ...(before ?? { ...blank, id: newId(), email }), ...fields }
  return { before, after, fields, department }
}

function planChange(planning: Planning, plan: ImportPlan, row: number, change: PersonChange): Fault | undefined {
  const { before, after, fields, department } = change
  if (before && Object.keys(fields).length === 0) {
    plan.unchanged++
    return undefined
  }
  if (before && isLastAdmin(planning, before.id) && !isAdmin(after))
    return { field: after.role === 'Admin' ? 'is_active' : 'role', message: lastAdminText }
  if (department && addDepartment(planning, department)) plan.newDepartments.push(department)
  remember(planning, before, after)
  if (before) plan.updates.push({ before, fields })
  else plan.creations.push(after)
  plan.changes.push(describe(planning, row, change))
  return undefined
}

function describe(planning: Planning, row: number, { before, after, fields }: PersonChange): ImportChange {
  const shown = Object.keys(fields).map(key => {
    const field = key as keyof Fields
    return [
      field,
      { from: before ? shownValue(planning, before, field) : null, to: shownValue(planning, after, field) },
    ]
  })
  return { row, action: before ? 'change' : 'create', email: after.email, fields: Object.fromEntries(shown) }
}

function shownValue(planning: Planning, person: KnownPerson, field: keyof Fields) {
  return field === 'department' ? nameOfDepartment(planning, person.department) : person[field]
}
