import { randomBytes } from 'node:crypto'
import { loadConfig } from '#server/config.ts'
import type { RunningApp } from '#server/create-app.ts'
import { createApp } from '#server/create-app.ts'
import { newId } from '#server/database/ids.ts'
import { loadMigrations } from '#server/database/migrations/files.ts'
import { bootstrapPlatform } from '#server/database/migrations/runner.ts'
import { fromSystem } from '#server/domain/context.ts'
import { createTenant } from '#server/domain/tenants/create.ts'
import { createLogger } from '#server/logger.ts'
import { call } from '../tests/support/http.ts'
import type { TestServer } from '../tests/support/process/server.ts'
import { freePort, startServer } from '../tests/support/process/server.ts'
import { startDatabase } from './database.ts'

/** A server in production mode on its own database, with one organisation of 1,000 users. */
export interface Scene {
  app: RunningApp
  server: TestServer
  host: string
  email: string
  password: string
  /** Signs in. @returns the access token */
  signIn(): Promise<string>
  /** Adds a tenant whose only user is its Admin, with the scene's password. */
  addTenant(subdomain: string): Promise<unknown>
  close(): Promise<void>
}

const password = 'violet harbour at dawn'
const email = 'ann@example.com'

/** @param extra environment of the server */
export async function createScene(extra: Record<string, string> = {}): Promise<Scene> {
  const held = await startDatabase()
  const port = await freePort()
  const settings = {
    DATABASE_URL: held.url,
    DATA_DIR: held.home,
    PORT: String(port),
    SECRET: randomBytes(32).toString('hex'),
    PEPPER: randomBytes(32).toString('hex'),
  }
  const app = await createApp(loadConfig({ ...settings, ...extra }), createLogger('silent'), {
    size: 4,
    statementTimeout: 600_000,
  })
  await bootstrapPlatform(app.database, loadMigrations('.', 'platform'))
  const { tenant } = await addTenant(app, 'acme')
  await addPeople(app, tenant.schema, 1_000)
  await held.waitForDisk()
  const server = await startServer({
    ...settings,
    LOG_LEVEL: 'warn',
    CHECK_ANSWERS: '0',
    CHECK_STATEMENTS: '0',
    ...extra,
  })
  const host = `acme.localhost:${port}`
  return {
    app,
    server,
    host,
    email,
    password,
    signIn,
    addTenant: subdomain => addTenant(app, subdomain),
    async close() {
      await server.stop()
      await app.close()
      await held.close()
    },
  }

  async function signIn() {
    const body = { email, password }
    return (await call(port, host, '/api/v1/auth/jwt/create/', { body })).json.access as string
  }
}

function addTenant(app: RunningApp, subdomain: string) {
  const contact = { business_email: email, business_phone_number: '' }
  const admin = { admin_email: email, admin_password: password }
  return createTenant(
    app,
    loadMigrations('.', 'tenant'),
    { name: subdomain, subdomain, ...contact, ...admin },
    fromSystem,
  )
}

async function addPeople(app: RunningApp, schema: string, count: number): Promise<void> {
  const {
    db,
    tables: { users },
  } = app.database.tenant(schema)
  const now = new Date()
  await db.insert(users).values(
    Array.from({ length: count }, (_, i) => ({
      id: newId(),
      email: `person${i}@acme.test`,
      first_name: i % 10 === 0 ? 'Amara' : 'Bilal',
      last_name: `Person ${i}`,
      activated_at: now,
      date_joined: now,
    })),
  )
}
