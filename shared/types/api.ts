/** The JSON that the API answers with. Times are ISO 8601 UTC, ids UUIDv7. */
export type Role = 'Admin' | 'Staff'

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
  is_active: boolean
  date_joined: string
  last_login: string | null
}

/** A person in the directory; the last four fields only for an Admin. */
export interface Person {
  id: string
  email: string
  first_name: string
  last_name: string
  photo: string | null
  department: { id: string, name: string } | null
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

export interface Session {
  id: string
  created: string
  /** When the session last renewed its tokens. */
  rotated_at: string
  expires_at: string
  ip: string | null
  user_agent: string | null
  /** True for the session that asks. */
  current: boolean
}

export interface Tenant {
  id: string
  name: string
  business_phone_number: string
  business_email: string
  is_active: boolean
  schema: string
  subdomain: string
  tenant_id: string
  status: 'active' | 'suspended'
  url: string
  created: string
  updated: string
}

export interface Page<Row> {
  count: number
  next: string | null
  previous: string | null
  results: Row[]
}
