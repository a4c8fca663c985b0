import type { Language } from '../dates.ts'

/** The JSON that the API answers with. Times are ISO 8601 UTC, ids UUIDv7. */
export type TenantRole = 'Admin' | 'Staff'

/** Support is an operator's, on the console, where an Admin owns the platform and Staff only read. */
export type Role = TenantRole | 'Support'

export type TenantStatus = 'pending' | 'provisioning' | 'active' | 'suspended' | 'deleting' | 'purging'

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
  support?: { operator_email: string, expires_at: string, is_read_only: boolean } | null
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
  /** E-mail address of the operator who opened it as this user. */
  support: string | null
  /** True for the session that asks. */
  current: boolean
}

export interface Invitation {
  id: string
  email: string
  role: TenantRole
  department: string | null
  /** How it stands, such as `pending`, `accepted`, `expired` or `revoked`. */
  state: string
  created: string
  expires_at: string
  /** Id of the Admin who invited. */
  invited_by: string | null
  /** In lists. */
  department_name?: string | null
  inviter_name?: string | null
}

/** What became of one of many who were invited at once. */
export interface InvitationResult {
  row: number
  email: string | null
  status: 'invited' | 'already_invited' | 'failed'
  errors: Record<string, string[]> | null
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
  errors: { row: number, field: string, message: string }[]
  changes: { row: number, action: 'create' | 'change', email: string, fields: Record<string, { from: unknown, to: unknown }> }[]
}

export interface Organization {
  id: string
  name: string
  business_email: string
  business_phone_number: string
  subdomain: string
  tenant_id: string
  registration: 'invite_only' | 'open'
  registration_domains: string[]
  password_min_length: number
  /** Of mails and of people who have not chosen one. */
  language: Language
  /** Whether the platform's operators may sign in as one of its people. */
  allows_support: boolean
  /** Path of the logo. */
  logo: string | null
  /** Such as `#1d4ed8`, and black or white, whichever can be read on it. */
  brand_color: string | null
  brand_text_color: string | null
}

/** What an account here takes, for those who have none yet or cannot sign in. */
export interface AccountRules {
  registration: 'invite_only' | 'open'
  /** Of whose addresses people may register with; none: any. */
  registration_domains: string[]
  password_min_length: number
  /** Whether `/mailbox` shows the mails of this place: in development and the demo only. */
  mailbox: boolean
}

/** What the page behind an invitation's link shows. */
export interface OpenInvitation {
  email: string
  organization: string
  role: TenantRole
  /** Name of the department. */
  department: string | null
  expires_at: string
}

/** A mail in the mailbox; its contents only where one alone is asked for. */
export interface KeptMail {
  id: string
  to: string
  subject: string
  date: string
  text?: string
  html?: string
  /** Addresses in the text, in order. */
  links?: string[]
}

/** How an organisation looks to those who have not signed in yet. */
export type Branding = Pick<Organization, 'logo' | 'brand_color' | 'brand_text_color'>

export interface AuditEvent {
  id: string
  created: string
  action: string
  actor: string | null
  actor_email: string | null
  /** Id of what it was done to. */
  subject: string | null
  ip: string | null
  /** Values, and changes as `{ from, to }`, by field. */
  details: Record<string, unknown>
  /** What the ids in it are called today; who or what is gone has no name. */
  names: Record<string, string>
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
  status: TenantStatus
  /** Why it is suspended or to be deleted. */
  status_reason: string | null
  status_changed: string | null
  /** When it is removed, where its deletion is scheduled. */
  purge_after: string | null
  maintenance_since: string | null
  /** The custom domain that is canonical; null: the subdomain is. */
  primary_domain: string | null
  url: string
  created: string
  updated: string
}

export type SignupState = 'unconfirmed' | 'expired' | 'waiting' | 'made' | 'refused'

/** An organisation that someone has asked for on the site, as operators see it. */
export interface Signup {
  id: string
  name: string
  subdomain: string
  email: string
  language: Language
  /** `made`: it is a tenant; `expired`: nobody confirmed it. */
  state: SignupState
  created: string
  /** Until when it can be confirmed. */
  expires_at: string
  confirmed_at: string | null
  approved_at: string | null
  refused_at: string | null
  /** Id of the operator who decided; null also where it was the command line. */
  decided_by: string | null
  /** Id of what became of it. */
  tenant: string | null
}

/** A sign-up as far as its own link shows it. */
export interface SignupProgress {
  state: SignupState
  name: string
  subdomain: string
  /** The portal's origin, where there is one. */
  url: string | null
  /** By which the first Admin sets a password, once; only from the confirmation that made the tenant. */
  password_link: string | null
}

/** Whether organisations can be signed up here, and below which domain they would be. */
export interface SignupTerms {
  policy: 'open' | 'approval' | 'closed'
  base_domain: string
  /** Whether `/mailbox` shows the site's mails: in development and the demo only. */
  mailbox: boolean
}

export interface SubdomainAnswer {
  subdomain: string
  available: boolean
  /** One that is free, where this one is not. */
  suggestion: string | null
}

/** Something that waits to be done: of one's own, or for an Admin of the organisation's. */
export type HomeTask = 'name' | 'photo' | 'invitations_expiring' | 'invitations_open' | 'without_department' | 'never_signed_in' | 'departments' | 'logo'

export interface Home {
  /** One's own, with how many active people it has and the first of the others. */
  department: { id: string, name: string, people: number, colleagues: Person[] } | null
  /** Colleagues who joined lately, the newest first. */
  newest: Person[]
  tasks: { task: HomeTask, count: number }[]
}

export interface TenantDetails extends Tenant {
  /** Of its schema. */
  version: string | null
  /** Null where its schema cannot be read. */
  people: { active: number, total: number } | null
  admin: { id: string, email: string } | null
  domains: Domain[]
  former_subdomains: { subdomain: string, redirects_until: string }[]
  /** The operation under way, or else the last one. */
  operation: Operation | null
}

/** A host of an organisation's own. */
export interface Domain {
  host: string
  is_primary: boolean
  /** The TXT record by which it is proven. */
  challenge: { name: string, value: string }
  created: string
  /** When it was last proven; null: it does not route. */
  verified_at: string | null
  checked_at: string | null
  last_error: string | null
}

export type KeyState = 'next' | 'current' | 'previous'

/** A signing key. */
export interface SigningKey {
  kid: string
  state: KeyState
  created: string
  activated_at: string
  retired_at: string | null
  /** When the last token that it signed is over. */
  expires_at: string | null
  /** How many live sessions hold a token that it signed. */
  sessions: number
}

export interface Page<Row> {
  count: number
  next: string | null
  previous: string | null
  results: Row[]
}

export type OperationKind = 'export' | 'restore' | 'clone' | 'purge' | 'rotation'

export type OperationState = 'queued' | 'running' | 'done' | 'failed'

/** Long work on an organisation, which goes on in the background. */
export interface Operation {
  id: string
  kind: OperationKind
  /** Null where it makes a new organisation that is not there yet. */
  tenant: string | null
  /** As it is called today; null for one that is gone. In lists. */
  tenant_name?: string | null
  state: OperationState
  /** What is being done just now, and how far it is; a total of 0 is not known. */
  step: string | null
  done: number
  total: number
  result: Record<string, unknown> | null
  error: string | null
  requested_by: string | null
  created: string
  started_at: string | null
  finished_at: string | null
}

/** A file that holds all of an organisation as it was at one moment. */
export interface Archive {
  name: string
  /** In bytes. */
  size: number
  /** All but `name`, `size` and `problem` are null where the file cannot be read. */
  created: string | null
  tenant: { id: string, name: string, subdomain: string } | null
  /** The newest migration that its schema had had. */
  version: string | null
  people: number | null
  files: number | null
  /** False: made with another SECRET, and accepted only with `foreign`. */
  ours: boolean
  problem: string | null
}
