import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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

/** A server in production mode on its own database, with one organisation of 1,000 users. */
export interface Scene {
  app: RunningApp
  server: TestServer
  host: string
  email: string
  password: string
  /**
   * Signs in.
   * @returns access and refresh token, and the cookies of a browser session
   */
  signIn(host?: string): Promise<{ access: string; refresh: string; cookie: string }>
  addTenants(from: number, to: number, password?: string): Promise<number[]>
  close(): Promise<void>
}

export const password = 'violet harbour at dawn'
const email = 'ann@example.com'

/** @param extra environment of the server */
export async function createScene(extra: Record<string, string> = {}): Promise<Scene> {
  const home = await mkdtemp(join(tmpdir(), 'tenantry-bench-'))
  const port = await freePort()
  const settings = {
    DATA_DIR: home,
    PORT: String(port),
    SECRET: randomBytes(32).toString('hex'),
    PEPPER: randomBytes(32).toString('hex'),
  }
  const app = await createApp(loadConfig({ ...settings, ...extra }), createLogger('silent'), {
    size: 4,
    statementTimeout: 600_000,
  })
  await bootstrapPlatform(app.database, loadMigrations('.', 'platform'))
  const { tenant } = await createTenant(
    app,
    loadMigrations('.', 'tenant'),
    {
      name: 'Acme Ltd',
      subdomain: 'acme',
      business_email: email,
      business_phone_number: '',
      admin_email: email,
      admin_password: password,
    },
    fromSystem,
  )
  await addPeople(app, tenant.schema, 1_000)
  const server = await startServer({
    ...settings,
    DATABASE_URL: app.databaseUrl,
    LOG_LEVEL: 'warn',
    CHECK_ANSWERS: '0',
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
    addTenants: (from, to, admin_password) => addTenants(app, from, to, admin_password ?? null),
    async close() {
      await server.stop()
      await app.close()
      await rm(home, { recursive: true, force: true })
    },
  }

  async function signIn(at = host) {
    const body = { email, password }
    const pair = (await call(port, at, '/api/v1/auth/jwt/create/', { body })).json as {
      access: string
      refresh: string
    }
    const { cookies } = await call(port, at, '/api/v1/auth/session/', { body, sameOrigin: true })
    return {
      ...pair,
      cookie: Object.entries(cookies)
        .map(([name, value]) => `${name}=${value}`)
        .join('; '),
    }
  }
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

async function addTenants(app: RunningApp, from: number, to: number, admin_password: string | null): Promise<number[]> {
  const migrations = loadMigrations('.', 'tenant')
  const milliseconds: number[] = []
  for (let i = from; i < to; i++) {
    const started = performance.now()
    await createTenant(
      app,
      migrations,
      {
        name: `Fleet ${i}`,
        subdomain: `fleet-${i}`,
        business_email: email,
        business_phone_number: '',
        admin_email: email,
        admin_password,
      },
      fromSystem,
    )
    milliseconds.push(performance.now() - started)
  }
  return milliseconds
}
