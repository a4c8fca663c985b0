import type { Migration } from '#server/database/migrations/files.ts'
import type { Db } from '#server/database/realms.ts'
import type { App, AuditContext } from '#server/domain/context.ts'
import type { CreatedTenant } from '#server/domain/tenants/create.ts'
import { createTenantIn } from '#server/domain/tenants/create.ts'
import type { SignupRow } from './signups.ts'

/** Creates the tenant of a sign-up, in the transaction that updates the sign-up. */
export function makeTenant(
  tx: Db,
  app: App,
  migrations: Migration[],
  signup: SignupRow,
  audit: AuditContext,
): Promise<CreatedTenant> {
  const { id, name, subdomain, email, first_name, last_name, language } = signup
  const business = { business_email: email, business_phone_number: '' }
  const admin = { admin_email: email, admin_name: { first_name, last_name }, admin_password: null }
  return createTenantIn(tx, app, migrations, { name, subdomain, language, ...business, ...admin }, audit, id)
}
