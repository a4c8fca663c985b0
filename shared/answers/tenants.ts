import { z } from 'zod'
import { auditEventAnswer } from './audit.ts'
import { count, etag, id, tenantStatus, time } from './fields.ts'
import { operationAnswer } from './operations.ts'

/** An organisation as operators see it. */
export const tenantAnswer = z.strictObject({
  id: id(),
  name: z.string(),
  business_phone_number: z.string(),
  business_email: z.string(),
  is_active: z.boolean(),
  schema: z.string(),
  subdomain: z.string(),
  tenant_id: z.string(),
  status: tenantStatus,
  status_reason: z.string().nullable().describe('Why it is suspended or will be deleted.'),
  status_changed: time().nullable(),
  purge_after: time().nullable().describe('When it will be deleted, if that is scheduled.'),
  maintenance_since: time().nullable(),
  primary_domain: z.string().nullable().describe('The custom domain that is canonical; null: the subdomain is.'),
  url: z.string(),
  created: time(),
  updated: time(),
})
export type Tenant = z.output<typeof tenantAnswer>

/** A tenant in a list. */
export const listedTenantAnswer = tenantAnswer.extend({
  people: count().nullable().describe('Number of active people; null if its schema cannot be read.'),
  size: count().describe('In the database, in bytes.'),
  last_active: z.string().nullable().describe('The last day with requests, such as `2026-11-24`, in UTC.'),
})
export type ListedTenant = z.output<typeof listedTenantAnswer>

/** A custom domain of an organisation. */
export const domainAnswer = z.strictObject({
  host: z.string(),
  is_primary: z.boolean(),
  challenge: z
    .strictObject({
      name: z.string(),
      value: z.string(),
    })
    .describe('The TXT record that verifies it.'),
  created: time(),
  verified_at: time().nullable().describe('When it was last verified; null: it is not served.'),
  checked_at: time().nullable(),
  last_error: z.string().nullable(),
})
export type Domain = z.output<typeof domainAnswer>

export const tenantDetailsAnswer = tenantAnswer.extend({
  etag: etag(),
  version: z.string().nullable().describe('Version of its schema.'),
  people: z
    .strictObject({
      active: count(),
      total: count(),
    })
    .nullable()
    .describe('Null if its schema cannot be read.'),
  admin: z
    .strictObject({
      id: id(),
      email: z.string(),
    })
    .nullable(),
  domains: z.array(domainAnswer),
  former_subdomains: z.array(
    z.strictObject({
      subdomain: z.string(),
      redirects_until: time(),
    }),
  ),
  operation: operationAnswer.nullable().describe('The current operation, or else the last one.'),
})
export type TenantDetails = z.output<typeof tenantDetailsAnswer>

export const insightDayAnswer = z.strictObject({
  day: z.string().describe('Such as `2026-11-24`, in UTC.'),
  requests: count(),
  errors: count().describe('Requests that were answered with 500 or above.'),
  sign_ins: count(),
  refusals: count(),
})
export type InsightDay = z.output<typeof insightDayAnswer>

export const insightsAnswer = z.strictObject({
  migration: z.strictObject({
    version: z.string().nullable(),
    state: z.enum(['migrated', 'failed', 'missing']),
    error: z.string().nullable(),
    updated: time().nullable(),
    target: z.string(),
    is_current: z.boolean(),
  }),
  facts: z
    .strictObject({
      people: count(),
      active_people: count(),
      admins: count(),
      departments: count(),
      last_sign_in: time().nullable(),
      sessions: count().describe('Live sessions.'),
      with_factor: count().describe('Active people who have a second factor.'),
      passkeys: count().describe('Bound to the host of the portal.'),
      size: count().describe('Bytes.'),
    })
    .nullable()
    .describe('Null if there is no schema yet.'),
  days: z.array(insightDayAnswer),
  events: z.array(auditEventAnswer).describe("The newest events of the tenant's own audit, for those who may read it."),
})
export type Insights = z.output<typeof insightsAnswer>

/** Where an organisation's portal is. */
export const tenantInfoAnswer = z.strictObject({ name: z.string(), subdomain: z.string(), url: z.string() })
export type TenantInfo = z.output<typeof tenantInfoAnswer>
