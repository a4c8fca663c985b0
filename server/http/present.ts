import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { App } from '#server/domain/context.ts'
import type { OperationRow } from '#server/domain/operations/operations.ts'
import type { Organization } from '#server/domain/organization/organization.ts'
import type { Principal } from '#server/domain/sessions/principal.ts'
import type { SignupRow } from '#server/domain/signups/signups.ts'
import { stateOf } from '#server/domain/signups/signups.ts'
import type { TenantDetails } from '#server/domain/tenants/details.ts'
import type { DomainRow } from '#server/domain/tenants/domains.ts'
import { challengeName } from '#server/domain/tenants/domains.ts'
import { tenantOrigin } from '#server/domain/tenants/origins.ts'
import type { TenantRow } from '#server/domain/tenants/tenants.ts'
import type { UserRow } from '#server/domain/users/users.ts'
import { readableOn } from '#shared/contrast.ts'
import type { Home } from '#shared/types/people.ts'

/** What an answer says of things, field by field: what is not named here does not leave. */

export function presentUser({ id: organization }: AuthRealm, user: UserRow) {
  return {
    id: user.id,
    email: user.email,
    first_name: user.first_name,
    last_name: user.last_name,
    photo: photoPath(user),
    organization,
    department: user.department,
    employee_id: user.employee_id,
    role: user.role,
    language: user.language,
    is_active: user.is_active,
    date_joined: user.date_joined,
    last_login: user.last_login,
  }
}

/** Oneself, and whose the session is where an operator has signed in as one. */
export function presentMe(authRealm: AuthRealm, user: UserRow, session: Principal['session']) {
  return { ...presentUser(authRealm, user), support: presentSupport(session) }
}

/** Of a session that an operator opened in the user's place. */
function presentSupport({ support, expires_at, is_read_only }: Principal['session']) {
  return support === null ? null : { operator_email: support, expires_at, is_read_only }
}

/** The path changes with the photo, so that a page shows the new one. */
function photoPath({ id, photo }: Pick<UserRow, 'id' | 'photo'>): string | null {
  return photo && `/api/v1/users/${id}/photo/?v=${photo.slice(0, 8)}`
}

export type PersonRow = Omit<UserRow, 'department'> & { department_id: string | null; department_name: string | null }

/** @param asAdmin whether the one who asks may see more than a name in the directory */
export function presentPerson(person: PersonRow, asAdmin: boolean) {
  const { department_id, department_name } = person
  return {
    id: person.id,
    email: person.email,
    first_name: person.first_name,
    last_name: person.last_name,
    photo: photoPath(person),
    department: department_id && department_name ? { id: department_id, name: department_name } : null,
    role: person.role,
    ...(asAdmin
      ? {
          employee_id: person.employee_id,
          is_active: person.is_active,
          date_joined: person.date_joined,
          last_login: person.last_login,
        }
      : {}),
  }
}

interface HomeRows {
  department: { id: string; name: string; people: number; colleagues: PersonRow[] } | null
  newest: PersonRow[]
  tasks: Home['tasks']
}

/** @param asAdmin as for `presentPerson` */
export function presentHome({ department, newest, tasks }: HomeRows, asAdmin: boolean) {
  const present = (person: PersonRow) => presentPerson(person, asAdmin)
  return {
    department: department && {
      id: department.id,
      name: department.name,
      people: department.people,
      colleagues: department.colleagues.map(present),
    },
    newest: newest.map(present),
    tasks: tasks.map(({ task, count }) => ({ task, count })),
  }
}

export function presentOrganization({ logo, brand_color, language, ...organization }: Organization) {
  return { ...organization, ...presentBranding({ logo, brand_color, language }) }
}

/** What anyone may see of an organisation before signing in, with the text colour that can be read on its own. */
export function presentBranding({
  logo,
  brand_color,
  language,
}: Pick<Organization, 'logo' | 'brand_color' | 'language'>) {
  return {
    logo: logo && `/api/v1/organization/logo/?v=${logo.slice(0, 8)}`,
    brand_color,
    brand_text_color: brand_color && readableOn(brand_color),
    language,
  }
}

export function presentTenant(config: App['config'], tenant: TenantRow) {
  return {
    id: tenant.id,
    name: tenant.name,
    business_phone_number: tenant.business_phone_number,
    business_email: tenant.business_email,
    is_active: tenant.is_active,
    schema: tenant.schema,
    subdomain: tenant.subdomain,
    tenant_id: tenant.tenant_id,
    status: tenant.status,
    status_reason: tenant.status_reason,
    status_changed: tenant.status_changed,
    purge_after: tenant.purge_after,
    maintenance_since: tenant.maintenance_since,
    primary_domain: tenant.primary_domain,
    url: tenantOrigin(config, tenant),
    created: tenant.created,
    updated: tenant.updated,
  }
}

export function presentTenantDetails(config: App['config'], tenant: TenantDetails) {
  const { version, people, admin, domains, former_subdomains, operation } = tenant
  return {
    ...presentTenant(config, tenant),
    version,
    people,
    admin,
    domains: domains.map(presentDomain),
    former_subdomains,
    operation: operation && presentOperation(operation),
  }
}

export function presentDomain({
  host,
  is_primary,
  challenge,
  created,
  verified_at,
  checked_at,
  last_error,
}: DomainRow) {
  return {
    host,
    is_primary,
    challenge: { name: challengeName(host), value: challenge },
    created,
    verified_at,
    checked_at,
    last_error,
  }
}

/** What it works on is in `tenant` and `result`: `input` may name files. */
export function presentOperation({
  id,
  kind,
  tenant,
  state,
  step,
  done,
  total,
  result,
  error,
  requested_by,
  created,
  started_at,
  finished_at,
}: OperationRow) {
  return { id, kind, tenant, state, step, done, total, result, error, requested_by, created, started_at, finished_at }
}

export function presentSignup(signup: SignupRow) {
  return {
    id: signup.id,
    name: signup.name,
    subdomain: signup.subdomain,
    email: signup.email,
    language: signup.language,
    state: stateOf(signup),
    created: signup.created,
    expires_at: signup.expires_at,
    confirmed_at: signup.confirmed_at,
    approved_at: signup.approved_at,
    refused_at: signup.refused_at,
    decided_by: signup.decided_by,
    tenant: signup.tenant,
  }
}
