import type { Db, TenantRealm } from '#server/database/realms.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import type { AccountRules } from '#shared/answers/sessions.ts'
import { passwordLength } from '#shared/password-rules.ts'

type StoredRules = Omit<AccountRules, 'mailbox'>

// Operators have no settings: other operators create them.
const operatorRules: StoredRules = {
  registration: 'invite_only',
  registration_domains: [],
  password_min_length: passwordLength.min,
}

/**
 * The rules for accounts of the realm.
 * @param db a transaction that creates the realm itself
 */
export async function readAccountRules({ kind, realm }: AuthRealm, db: Db = realm.db): Promise<StoredRules> {
  if (kind === 'platform') return operatorRules
  const { registration, registration_domains, password_min_length } = (realm as TenantRealm).tables.settings
  const rows = await db
    .select({ registration, registration_domains, password_min_length })
    .from((realm as TenantRealm).tables.settings)
  return rows[0]!
}
