import { and, eq, lte } from 'drizzle-orm'
import type { App } from '#server/domain/context.ts'
import type { Archive } from '#shared/answers/operations.ts'

/**
 * What is known of an archive that cannot be read: what its name says. It is its organisation's if that existed at the
 * time; a restore looks at what is in it.
 */
export async function factsOfEncrypted(app: App, name: string, size: number): Promise<Archive> {
  const [, subdomain, date, time] = /^(.+)-(\d{8})T(\d{6})Z-/.exec(name)!
  const created = `${date!.replace(/(....)(..)(..)/, '$1-$2-$3')}T${time!.replace(/(..)(..)(..)/, '$1:$2:$3')}.000Z`
  const tenant = await findTenant(app, subdomain!, new Date(created))
  return {
    name,
    created,
    ours: true,
    encrypted: true,
    size,
    problem: null,
    tenant,
    version: null,
    people: null,
    files: null,
  }
}

async function findTenant({ database: { platform } }: App, subdomain: string, moment: Date) {
  const { tenants } = platform.tables
  const rows = await platform.db
    .select({ id: tenants.id, name: tenants.name, subdomain: tenants.subdomain })
    .from(tenants)
    // The name has whole seconds.
    .where(and(eq(tenants.subdomain, subdomain), lte(tenants.created, new Date(moment.getTime() + 1_000))))
  return rows[0] ?? null
}
