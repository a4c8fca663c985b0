import type { Language } from '#shared/dates.ts'

/** Who is in an organisation, as the API answers: times are ISO 8601 UTC, ids UUIDv7. */

export type TenantRole = 'Admin' | 'Staff'

/** Support is an operator's, on the console, where an Admin owns the platform and Staff only read. */
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
  /** Of the interface and of mails; null: the organisation's. */
  language: Language | null
  is_active: boolean
  date_joined: string
  last_login: string | null
  /** On `auth/users/me/`: who is really there, where an operator has signed in as this user. */
  support?: { operator_email: string; expires_at: string; is_read_only: boolean } | null
}

/** A person in the directory; the last four fields only for an Admin. */
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
  /** How many active people belong to it; in lists. */
  people?: number
}

/** What became of one of many people to whom something was done at once. */
export interface BulkResult {
  id: string
  /** Null for who is not there. */
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

/** Something that waits to be done: of one's own, or for an Admin of the organisation's. */
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
  /** One's own, with how many active people it has and the first of the others. */
  department: { id: string; name: string; people: number; colleagues: Person[] } | null
  /** Colleagues who joined lately, the newest first. */
  newest: Person[]
  tasks: { task: HomeTask; count: number }[]
}
