import type { SQL } from 'drizzle-orm'
import { sql } from 'drizzle-orm'
import type { TenantRealm } from '#server/database/realms.ts'

/** `kept` copies the value; otherwise the expression replaces it, for row `n` of its table in the order of ids. */
type Treatment = 'kept' | SQL

type Tables = TenantRealm['tables']
/** Covers every table and every column that is not generated. */
type Decisions = { [Name in keyof Tables]: 'left out' | Record<keyof Tables[Name]['$inferInsert'], Treatment> }

/**
 * What a clone contains for each column. Tables that are `left out` are empty in the clone. A missing table or column
 * does not compile, and stops the clone of a schema that has it.
 */
export const scrubbing: Record<string, 'left out' | Record<string, Treatment>> = {
  departments: { id: 'kept', name: 'kept', created: 'kept', updated: 'kept' },
  users: {
    id: 'kept',
    email: sql`lower(${firstName()}) || '.' || lower(${lastName()}) || n || '@staff.example'`,
    password: sql`null`,
    first_name: firstName(),
    last_name: lastName(),
    photo: sql`null`,
    department: 'kept',
    employee_id: sql`case when employee_id is not null then 'E-' || lpad(n::text, 6, '0') end`,
    role: 'kept',
    language: 'kept',
    activated_at: 'kept',
    deactivated_at: 'kept',
    date_joined: 'kept',
    last_login: sql`null`,
  },
  audit_events: {
    id: 'kept',
    created: 'kept',
    action: 'kept',
    actor: 'kept',
    subject: 'kept',
    ip: sql`null`,
    request_id: sql`null`,
    details: sql`'{}'::jsonb`,
  },
  settings: {
    id: 'kept',
    registration: sql`'invite_only'`,
    registration_domains: sql`'{}'::text[]`,
    logo: sql`null`,
    brand_color: 'kept',
    password_min_length: 'kept',
    language: 'kept',
    allows_support: 'kept',
    second_factor: 'kept',
    second_factor_grace: 'kept',
    second_factor_since: 'kept',
  },
  sessions: 'left out',
  one_time_tokens: 'left out',
  signing_keys: 'left out',
  idempotency_keys: 'left out',
  factors: 'left out',
  recovery_codes: 'left out',
  challenges: 'left out',
  devices: 'left out',
  invitations: 'left out',
  standing: 'left out',
} satisfies Decisions

/** @throws Error for a column without an entry */
export function treatmentOf(table: string, column: string): Treatment {
  const columns = scrubbing[table]
  const treatment = columns === 'left out' ? undefined : columns?.[column]
  if (!treatment) throw new Error(`Nothing says what a clone does with ${table}.${column}.`)
  return treatment
}

// The lengths of the two lists have no common factor, so a pair repeats only after their product.
function firstName(): SQL {
  return sql`(array['Alba', 'Bruno', 'Clara', 'Dario', 'Edda', 'Felix', 'Greta', 'Hugo', 'Ines', 'Juri', 'Karim', 'Leila', 'Milo', 'Nora', 'Otto', 'Paula', 'Rami', 'Sofia', 'Tarek', 'Ulla', 'Vito', 'Wanda', 'Yara'])[1 + (n % 23)::int]`
}

function lastName(): SQL {
  return sql`(array['Ahlberg', 'Brandt', 'Conti', 'Durand', 'Eklund', 'Ferrari', 'Grimm', 'Haddad', 'Iversen', 'Jansen', 'Keller', 'Lund', 'Mansour', 'Nilsen', 'Olsen', 'Peeters', 'Quist', 'Ricci', 'Saleh'])[1 + (n % 19)::int]`
}
