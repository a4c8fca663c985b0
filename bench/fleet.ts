import { randomBytes } from 'node:crypto'
import { loadConfig } from '#server/config.ts'
import type { RunningApp } from '#server/create-app.ts'
import { createApp } from '#server/create-app.ts'
import { newId } from '#server/database/ids.ts'
import type { Migration } from '#server/database/migrations/files.ts'
import { loadMigrations } from '#server/database/migrations/files.ts'
import { bootstrapPlatform } from '#server/database/migrations/runner.ts'
import type { TenantRealm } from '#server/database/realms.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import { fromSystem } from '#server/domain/context.ts'
import { createTenant } from '#server/domain/tenants/create.ts'
import { tenantRealmOf } from '#server/domain/tenants/origins.ts'
import { createLogger } from '#server/logger.ts'
import { freePort } from '../tests/support/process/server.ts'
import type { BenchDatabase } from './database.ts'
import { startDatabase } from './database.ts'

export interface Tenant {
  subdomain: string
  authRealm: AuthRealm<TenantRealm>
  /** Those of its users who are signed in. */
  members: Member[]
}

export interface Member {
  id: string
  email: string
  tenant: Tenant
}

/** A database of its own with many tenants. */
export interface Fleet {
  app: RunningApp
  /** The environment of a server on this database. */
  env: Record<string, string>
  port: number
  tenants: Tenant[]
  /** The users of the first tenants who send the requests: a few of each tenant, all Staff. */
  members: Member[]
  /**
   * Adds tenants with an Admin and no other users, until there are so many.
   * @param parallel how many at a time
   * @returns the milliseconds that each took
   */
  growTo(count: number, parallel?: number): Promise<number[]>
  /** Does the work that PostgreSQL would otherwise do in the background of a measurement. */
  settle(): Promise<void>
  close(): Promise<void>
}

/** Of every member. */
export const password = 'violet harbour at dawn'
/** The first name of half of the users. */
export const commonName = 'Amara'
/** Users who have that name, in each of the first tenants. */
export const namesakes = 100

const tenantCount = 50
const userCount = 2 * namesakes
const membersOfEach = 5
const departmentNames = ['Sales', 'Finance', 'Support', 'Research']

/** Creates the database in a temporary folder. It ends with this process. */
export async function createFleet(): Promise<Fleet> {
  const held = await startDatabase()
  const port = await freePort()
  const env = createEnvironment(held, port)
  const app = await openApp(env)
  await bootstrapPlatform(app.database, loadMigrations('.', 'platform'))
  const tenants: Tenant[] = []
  const growTo = (count: number, parallel = 1) => grow(app, env, tenants, count, parallel)
  await growTo(tenantCount)
  const hash = await app.hashing.hash('platform', password)
  for (const tenant of tenants) await fillTenant(tenant, hash)
  const settle = () => settleDatabase(app, held)
  await settle()
  return {
    app,
    env,
    port,
    tenants,
    members: tenants.flatMap(({ members }) => members),
    growTo,
    settle,
    async close() {
      await app.close()
      await held.close()
    },
  }
}

async function settleDatabase({ database }: RunningApp, { waitForDisk }: BenchDatabase): Promise<void> {
  await database.platform.db.execute('vacuum analyze')
  await waitForDisk()
}

function createEnvironment({ url, home }: BenchDatabase, port: number): Record<string, string> {
  return {
    DATABASE_URL: url,
    DATA_DIR: home,
    PORT: String(port),
    SECRET: randomBytes(32).toString('base64url'),
    PEPPER: randomBytes(32).toString('base64url'),
    WORKERS: '1',
    LOG_LEVEL: 'warn',
    // No token expires during a run, and no spare schemas are created meanwhile.
    ACCESS_TTL: '86400',
    POOL_SIZE: '0',
  }
}

function openApp(env: Record<string, string>): Promise<RunningApp> {
  return createApp(loadConfig(env), createLogger('silent'), { size: 4, statementTimeout: 600_000 })
}

/** Tenants that one app creates: its connections become slower with each schema that they know. */
const batchSize = 200

/** @returns the milliseconds of each step, which creates `parallel` tenants */
async function grow(
  app: RunningApp,
  env: Record<string, string>,
  tenants: Tenant[],
  count: number,
  parallel: number,
): Promise<number[]> {
  const times: number[] = []
  while (tenants.length < count) {
    const creator = await openApp(env)
    times.push(...(await growBy(app, creator, tenants, Math.min(count, tenants.length + batchSize), parallel)))
    await creator.close()
  }
  return times
}

async function growBy(
  app: RunningApp,
  creator: RunningApp,
  tenants: Tenant[],
  count: number,
  parallel: number,
): Promise<number[]> {
  const migrations = loadMigrations('.', 'tenant')
  const times: number[] = []
  while (tenants.length < count) {
    const numbers = Array.from({ length: Math.min(parallel, count - tenants.length) }, (_, i) => tenants.length + i + 1)
    const started = performance.now()
    tenants.push(...(await Promise.all(numbers.map(number => addTenant(app, creator, migrations, number)))))
    times.push(performance.now() - started)
  }
  return times
}

async function addTenant(
  app: RunningApp,
  creator: RunningApp,
  migrations: Migration[],
  number: number,
): Promise<Tenant> {
  const subdomain = `tenant-${number}`
  const contact = { business_email: `office@${subdomain}.example`, business_phone_number: '' }
  const admin = { admin_email: `admin@${subdomain}.example`, admin_password: null }
  const input = { name: `Tenant ${number}`, subdomain, ...contact, ...admin }
  const created = await createTenant(creator, migrations, input, fromSystem)
  const tenant: Tenant = { subdomain, authRealm: tenantRealmOf(app, created.tenant), members: [] }
  tenant.members.push({ ...created.admin, tenant })
  return tenant
}

/** Adds departments and users to a new tenant, and chooses its members. */
async function fillTenant(tenant: Tenant, hash: string): Promise<void> {
  const { db, tables } = tenant.authRealm.realm
  const now = new Date()
  const departments = departmentNames.map(name => ({ id: newId(), name, created: now, updated: now }))
  const users = Array.from({ length: userCount }, (_, i) => ({
    id: newId(),
    email: `user${i}@${tenant.subdomain}.example`,
    password: i < membersOfEach ? hash : null,
    first_name: i % 2 === 0 ? commonName : 'Bilal',
    last_name: `Person ${(i * 7) % userCount}`,
    department: departments[i % departments.length]!.id,
    employee_id: `E-${i}`,
    activated_at: now,
    date_joined: now,
  }))
  await db.insert(tables.departments).values(departments)
  await db.insert(tables.users).values(users)
  tenant.members = users.slice(0, membersOfEach).map(({ id, email }) => ({ id, email, tenant }))
}
