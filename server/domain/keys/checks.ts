import type { App } from '#server/domain/context.ts'
import { counted } from '#server/domain/lib/counted.ts'
import type { Check } from '#server/domain/platform/check.ts'
import { wrappedWith } from '#server/domain/lib/wrap.ts'
import { keyOverlap } from './ring.ts'
import type { KeyOwner } from './rotate.ts'
import { listKeyOwners, realmOf } from './rotate.ts'

/** Milliseconds after which the daily job must have deleted an expired key. */
const patience = 2 * 24 * 60 * 60_000

/** Every realm must have one key that signs, and SECRET must decrypt it: otherwise nobody can sign in there. */
export async function checkKeys(app: App): Promise<Check> {
  const problems: string[] = []
  let opened = 0
  for (const owner of await listKeyOwners(app)) {
    // Other checks report a schema that is missing, damaged or away.
    const found = await findFaults(app, owner).catch(() => undefined)
    if (found?.length === 0) opened++
    problems.push(...(found ?? []))
  }
  return { name: 'signing keys', found: `${opened} can be decrypted with SECRET`, problems }
}

async function findFaults(app: App, owner: KeyOwner & { subdomain: string }): Promise<string[]> {
  const { subdomain } = owner
  const realm = realmOf(app, owner)
  const { signing_keys: keys } = realm.tables
  const { kid, private_key, retired_at } = keys
  const rows = await realm.db.select({ kid, private_key, retired_at }).from(keys)
  const current = rows.filter(row => row.retired_at === null)
  const over = Date.now() - keyOverlap(app.config.ttl) * 1000 - patience
  const expired = rows.filter(row => row.retired_at && row.retired_at.getTime() < over).length
  const opens = current.every(row =>
    wrappedWith(row.private_key, app.config.secret, 'tenantry signing keys', `${realm.schema}:${row.kid}`),
  )
  // The console's first key is made with its first operator.
  const isNew = owner.kind === 'platform' && rows.length === 0
  return [
    ...(current.length === 0 && !isNew
      ? [`${subdomain} has no signing key. Run: tenantry keys rotate ${subdomain}`]
      : []),
    ...(opens ? [] : [`${subdomain}'s signing key cannot be decrypted. Check that SECRET has not changed.`]),
    ...(expired > 0
      ? [
          `${subdomain} has ${counted(expired, 'expired signing key')}, which the daily clean-up should have deleted. See the scheduled jobs on the console's page System health.`,
        ]
      : []),
  ]
}
