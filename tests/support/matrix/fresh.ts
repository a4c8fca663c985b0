import { randomBytes } from 'node:crypto'
import { loadMigrations } from '#server/database/migrations/files.ts'
import { fromSystem } from '#server/domain/context.ts'
import type { CreatedTenant } from '#server/domain/tenants/create.ts'
import { createTenant } from '#server/domain/tenants/create.ts'
import type { Place, World } from '../world.ts'

/** A mailbox that nothing else uses. */
export function newAddress(): string {
  return `${newLabel()}@example.com`
}

/** A name that nothing else has. */
export function newLabel(): string {
  return `wren-${randomBytes(6).toString('hex')}`
}

export function addTenant({ app }: World): Promise<CreatedTenant> {
  const label = newLabel()
  const person = { admin_email: `${label}@example.com`, admin_password: null }
  const office = { business_email: `office@${label}.example.com`, business_phone_number: '' }
  return createTenant(
    app,
    loadMigrations('.', 'tenant'),
    { name: label, subdomain: label, ...office, ...person },
    fromSystem,
  )
}

/** A new organisation as the place of what a request names; nobody signs in there. */
export async function addPlace(world: World): Promise<Place> {
  const { tenant } = await addTenant(world)
  return { ...world.acme, id: tenant.id, schema: tenant.schema }
}
