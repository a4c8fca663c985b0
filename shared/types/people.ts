import type { Language } from '#shared/dates.ts'

/** People and departments, as the API returns them: times are ISO 8601 UTC, ids UUIDv7. */

export type TenantRole = 'Admin' | 'Staff'

/** `Support` exists only for operators, on the console, where an Admin owns the platform and Staff can only read. */
export type Role = TenantRole | 'Support'

export interface User {
  id: string
  email: string
  first_name: string
  last_name: string
  photo: string | null
  organization: string
  department: string | null
  employee_id: string | null
  role: Role
  /** Language of the interface and of mails; null: the organisation's. */
  language: Language | null
  is_active: boolean
  date_joined: string
  last_login: string | null
  /** On `auth/users/me/`: the operator who has signed in as this user, if any. */
  support?: { operator_email: string; expires_at: string; is_read_only: boolean } | null
}

/** A person in the directory; only an Admin gets the last four fields. */
export interface Person {
  id: string
  email: string
  first_name: string
  last_name: string
  photo: string | null
  department: { id: string; name: string } | null
  role: Role
  employee_id?: string | null
  is_active?: boolean
  date_joined?: string
  last_login?: string | null
}

export interface Department {
  id: string
  name: string
  created: string
  updated: string
  /** Number of active people; in lists. */
  people?: number
}

/** The result for one of the users of a bulk action. */
export interface BulkResult {
  id: string
  /** Null for a user who does not exist. */
  email: string | null
  status: 'done' | 'unchanged' | 'refused'
  /** Why it was refused. */
  detail: string | null
}

export interface ImportReport {
  created: number
  changed: number
  unchanged: number
  errors: { row: number; field: string; message: string }[]
  changes: {
    row: number
    action: 'create' | 'change'
    email: string
    fields: Record<string, { from: unknown; to: unknown }>
  }[]
}

/** An open task: the user's own, or, for an Admin, the organisation's. */
export type HomeTask =
  | 'name'
  | 'photo'
  | 'invitations_expiring'
  | 'invitations_open'
  | 'without_department'
  | 'never_signed_in'
  | 'departments'
  | 'logo'

export interface Home {
  /** The user's department, with its number of active people and some of the others. */
  department: { id: string; name: string; people: number; colleagues: Person[] } | null
  /** Colleagues who joined recently, newest first. */
  newest: Person[]
  tasks: { task: HomeTask; count: number }[]
}
