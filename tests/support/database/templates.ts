import { randomBytes } from 'node:crypto'
import postgres from 'postgres'
import { loadConfig } from '#server/config.ts'
import type { RunningApp } from '#server/create-app.ts'
import { createApp } from '#server/create-app.ts'
import { loadMigrations } from '#server/database/migrations/files.ts'
import { bootstrapPlatform } from '#server/database/migrations/runner.ts'
import { fromSystem } from '#server/domain/context.ts'
import { createTenant } from '#server/domain/tenants/create.ts'
import { tenantRealmOf } from '#server/domain/tenants/origins.ts'
import { createUser } from '#server/domain/users/create.ts'
import { createOperator } from '#server/domain/users/operators.ts'
import { startJobs } from '#server/jobs.ts'
import { createLogger } from '#server/logger.ts'
import { citusUrl, closeCitusDatabase, createCitusDatabase } from '../citus/databases.ts'

export interface Organization {
  id: string
  schema: string
  admin: Person
  staff: Person
}

export interface Person {
  id: string
  email: string
  password: string
}

/** The users of a world: two organisations whose users have the same e-mail addresses, and an operator. */
export interface Population {
  acme: Organization
  globex: Organization
  operator: Person
}

/** The data that all databases of a run share, so that one can be a copy of another. */
export interface Templates {
  /** The secrets for the keys and passwords in the databases. */
  secrets: { SECRET: string; PEPPER: string }
  population: Population
}

/** `platform` has the platform's tables and no organisation; `world` also has a world's users. */
export type TemplateName = 'platform' | 'world'

const passwords = {
  acme: { admin: 'violet harbour at dawn', staff: 'seven copper lanterns' },
  globex: { admin: 'a quiet meadow in june', staff: 'the tin roof rattles' },
  operator: 'lighthouse keepers log',
} as const

/** Fast hashes. */
export const hashingSettings = { BCRYPT_COST: '10' }

/** Creates the databases that the tests copy: migrating and hashing in each of them would take longer. */
export async function createTemplates(url: string): Promise<Templates> {
  const secrets = { SECRET: randomBytes(32).toString('base64url'), PEPPER: randomBytes(32).toString('base64url') }
  await withApp(await createDatabase(url, nameOf('platform')), secrets, async app => {
    await bootstrapPlatform(app.database, loadMigrations('.', 'platform'))
    // Their first start creates a schema.
    await startJobs(app, loadMigrations('.', 'tenant')).stop()
  })
  if (citusUrl) await closeCitusDatabase(citusUrl, nameOf('platform'))
  const population = await withApp(await createDatabase(url, nameOf('world'), 'platform'), secrets, populate)
  if (citusUrl) await closeCitusDatabase(citusUrl, nameOf('world'))
  return { secrets, population }
}

/**
 * Creates a database in the run's PostgreSQL, empty without a template.
 * @returns its URL
 */
export async function createDatabase(server: string, name: string, template?: TemplateName): Promise<string> {
  const url = new URL(server)
  if (citusUrl) await createCitusDatabase(citusUrl, name, template && nameOf(template))
  else await createOrdinaryDatabase(url.href, name, template)
  url.pathname = `/${name}`
  return url.href
}

async function createOrdinaryDatabase(server: string, name: string, template?: TemplateName): Promise<void> {
  const sql = postgres(server, { max: 1, onnotice: () => {} })
  await sql.unsafe(`create database ${name}${template ? ` template ${nameOf(template)}` : ''}`)
  await sql.end()
}

/** Adds a world's organisations and operator to a database without any. */
export async function populate(app: RunningApp): Promise<Population> {
  return {
    acme: await addOrganization(app, 'Acme Ltd', 'acme'),
    globex: await addOrganization(app, 'Globex Corporation', 'globex'),
    operator: await addOperator(app),
  }
}

async function addOrganization(app: RunningApp, name: string, subdomain: 'acme' | 'globex'): Promise<Organization> {
  const { admin: admin_password, staff: password } = passwords[subdomain]
  const { tenant, admin } = await createTenant(
    app,
    loadMigrations('.', 'tenant'),
    {
      name,
      subdomain,
      business_email: `office@${subdomain}.test`,
      business_phone_number: '',
      admin_email: 'ann@example.com',
      admin_password,
    },
    fromSystem,
  )
  const { id, email } = await createUser(
    app,
    tenantRealmOf(app, tenant),
    { email: 'ben@example.com', password },
    fromSystem,
  )
  return {
    id: tenant.id,
    schema: tenant.schema,
    admin: { ...admin, password: admin_password },
    staff: { id, email, password },
  }
}

async function addOperator(app: RunningApp): Promise<Person> {
  const operator = { email: 'ann@example.com', password: passwords.operator }
  const { user } = await createOperator(app, operator, fromSystem)
  return { ...operator, id: user.id }
}

async function withApp<T>(
  url: string,
  secrets: Templates['secrets'],
  work: (app: RunningApp) => Promise<T>,
): Promise<T> {
  const config = loadConfig({
    DATABASE_URL: url,
    DATA_DIR: '/dev/null/none',
    CHECK_STATEMENTS: '1',
    ...hashingSettings,
    ...secrets,
  })
  const app = await createApp(config, createLogger('silent'), { size: 2 })
  try {
    return await work(app)
  } finally {
    await app.close()
  }
}

function nameOf(template: TemplateName): string {
  return `template_${template}`
}
