import { eq } from 'drizzle-orm'
import { newId } from '#server/database/ids.ts'
import type { Migration } from '#server/database/migrations/files.ts'
import type { TenantRealm } from '#server/database/realms.ts'
import type { App } from '#server/domain/context.ts'
import { fromSystem } from '#server/domain/context.ts'
import { createTenant } from '#server/domain/tenants/create.ts'
import { tenantRealmOf } from '#server/domain/tenants/origins.ts'
import { changeUser } from '#server/domain/users/change.ts'
import { createUser } from '#server/domain/users/create.ts'
import { createOperator } from '#server/domain/users/operators.ts'
import { ApiError } from '#shared/errors.ts'
import type { Role } from '#shared/answers/users.ts'
import { seedActivity } from './activity.ts'
import { seedPhotos } from './photos.ts'
import { seedUsers } from './users.ts'

export interface DemoAccount {
  surface: 'portal' | 'console'
  url: string
  organisation: string | null
  role: Role | 'Operator'
  email: string
  password: string
}

// The same address is a different user in each organisation, with another password: the demo shows that.
const organisations = [
  {
    name: 'Acme Ltd',
    subdomain: 'acme',
    phone: '+44 20 7946 0000',
    people: 84,
    // The largest first.
    departments: ['Engineering', 'Sales', 'Design', 'Finance', 'People'],
    ann: { last_name: 'Archer', password: 'violet harbour at dawn' },
    ben: { last_name: 'Abbott', password: 'seven copper lanterns' },
  },
  {
    name: 'Globex Corporation',
    subdomain: 'globex',
    phone: '+1 212 555 0100',
    people: 37,
    departments: ['Operations', 'Logistics', 'Research'],
    ann: { last_name: 'Gallagher', password: 'a quiet meadow in june' },
    ben: { last_name: 'Grant', password: 'the tin roof rattles' },
  },
] as const

type Organisation = (typeof organisations)[number]

const operator = { email: 'olivia@tenantry.test', password: 'lighthouse keepers log' }

/**
 * Creates the demo data, once: two organisations with users, and an operator.
 * @returns the accounts that can sign in, and whether anything was created
 * @throws ApiError 403 in production
 */
export async function seedDemo(
  app: App,
  migrations: Migration[],
): Promise<{ accounts: DemoAccount[]; created: boolean }> {
  if (app.config.production)
    throw new ApiError(403, { detail: 'Demo data has well-known passwords and does not belong into production.' })
  let created = false
  for (const organisation of organisations) created = (await seedOrganisation(app, migrations, organisation)) || created
  created = (await seedOperator(app)) || created
  return { accounts: accountsOf(app), created }
}

async function seedOrganisation(app: App, migrations: Migration[], organisation: Organisation): Promise<boolean> {
  const { subdomain, people, departments, ann, ben } = organisation
  const { platform } = app.database
  if ((await platform.db.$count(platform.tables.tenants, eq(platform.tables.tenants.subdomain, subdomain))) > 0)
    return false
  const { tenant, admin } = await seedTenant(app, migrations, organisation)
  const authRealm = tenantRealmOf(app, tenant)
  const places = await seedDepartments(authRealm.realm, departments)
  const annsNames = { first_name: 'Ann', last_name: ann.last_name, department: places[0]! }
  await changeUser(app, authRealm, admin.id, annsNames, fromSystem)
  const bensNames = { first_name: 'Ben', last_name: ben.last_name, department: places[1]! }
  const bensAccount = { email: 'ben@example.com', password: ben.password }
  await createUser(app, authRealm, { ...bensAccount, ...bensNames }, fromSystem)
  const users = await seedUsers(authRealm, subdomain, people, places)
  await seedPhotos(app, authRealm, users)
  await seedActivity(app, authRealm, admin.id, users)
  return true
}

function seedTenant(app: App, migrations: Migration[], { name, subdomain, phone, ann }: Organisation) {
  return createTenant(
    app,
    migrations,
    {
      name,
      subdomain,
      business_email: `office@${subdomain}.test`,
      business_phone_number: phone,
      admin_email: 'ann@example.com',
      admin_password: ann.password,
    },
    fromSystem,
  )
}

async function seedDepartments(
  { db, tables: { departments } }: TenantRealm,
  names: readonly string[],
): Promise<string[]> {
  const now = new Date()
  const rows = names.map(name => ({ id: newId(), name, created: now, updated: now }))
  await db.insert(departments).values(rows)
  return rows.map(({ id }) => id)
}

async function seedOperator(app: App): Promise<boolean> {
  const {
    db,
    tables: { users },
  } = app.database.platform
  if ((await db.$count(users, eq(users.email, operator.email))) > 0) return false
  await createOperator(app, operator, fromSystem)
  return true
}

function accountsOf({ config: { originOf, baseDomain } }: App): DemoAccount[] {
  return [
    ...organisations.flatMap(({ name, subdomain, ann, ben }) => {
      const place = { surface: 'portal', url: originOf(`${subdomain}.${baseDomain}`), organisation: name } as const
      return [
        { ...place, role: 'Admin', email: 'ann@example.com', password: ann.password } as const,
        { ...place, role: 'Staff', email: 'ben@example.com', password: ben.password } as const,
      ]
    }),
    { surface: 'console', url: originOf(`console.${baseDomain}`), organisation: null, role: 'Operator', ...operator },
  ]
}
