import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres from 'postgres'
import { expect, inject } from 'vitest'
import { loadConfig } from '../../server/config.ts'
import type { RunningApp } from '../../server/create-app.ts'
import { createApp, createLogger } from '../../server/create-app.ts'
import { loadMigrations } from '../../server/database/migrations.ts'
import { bootstrapPlatform } from '../../server/database/migrator.ts'
import { fromSystem } from '../../server/domain/app.ts'
import type { AuthRealm } from '../../server/domain/auth-realm.ts'
import { tenantAuthRealm } from '../../server/domain/auth-realm.ts'
import { createOperator } from '../../server/domain/operators.ts'
import { createTenant } from '../../server/domain/tenants.ts'
import { createUser } from '../../server/domain/users.ts'
import type { Answer, Call } from './http.ts'
import { call } from './http.ts'
import type { TestServer } from './server.ts'
import { freePort, startServer } from './server.ts'

export interface Person { id: string, email: string, password: string }

/** A host with people who sign in: a tenant's portal, or the console. */
export interface Place {
  host: string
  origin: string
  /** The tenant's id, or `platform`. */
  id: string
  schema: string
  admin: Person
  /** The console has none. */
  staff: Person
  call(path: string, options?: Call): Promise<Answer>
}

/** Two organisations whose people have the same e-mail addresses and other passwords, an operator, and a server. */
export interface World {
  server: TestServer
  port: number
  /** What the server was started with, for a second one beside it. */
  env: Record<string, string>
  /** The rules on the same database, for setting a scene; never for what is being tested. */
  app: RunningApp
  acme: Place
  globex: Place
  console: Place
  /** Calls a host by its name, known or not. */
  call(host: string, path: string, options?: Call): Promise<Answer>
  /** Stops everything, after a look that the server logged no error that it did not expect. */
  stop(): Promise<void>
}

export const api = '/api/v1'
export const auth = `${api}/auth`

const people = {
  acme: { admin: 'violet harbour at dawn', staff: 'seven copper lanterns' },
  globex: { admin: 'a quiet meadow in june', staff: 'the tin roof rattles' },
} as const

/** @param settings environment of the server, such as `{ ACCESS_TTL: '1' }` */
export async function createWorld(settings: Record<string, string> = {}): Promise<World> {
  const port = await freePort()
  const mailDir = await mkdtemp(join(tmpdir(), 'tenantry-mail-'))
  const env = {
    ...await createSettings(),
    PORT: String(port),
    MAIL_DIR: mailDir,
    // Two organisations need no spares.
    POOL_SIZE: '0',
    ...settings,
  }
  const app = await createApp(loadConfig(env), createLogger('silent'), { size: 2 })
  await bootstrapPlatform(app.database, loadMigrations('.', 'platform'))
  const acme = await createPlace(app, port, 'Acme Ltd', 'acme')
  const globex = await createPlace(app, port, 'Globex Corporation', 'globex')
  const console = await createConsole(app, port)
  const server = await startServer(env)
  return {
    server, port, env, app, acme, globex, console,
    call: (host, path, options) => call(port, host, path, options),
    async stop() {
      await server.stop()
      await app.close()
      await rm(mailDir, { recursive: true, force: true })
      expect(server.log.filter(line => ['error', 'fatal', 'text'].includes(line.level))).toEqual([])
    },
  }
}

/** An environment with an empty database, secrets of its own, and quick hashes. */
export async function createSettings(): Promise<Record<string, string>> {
  return {
    DATABASE_URL: await createTestDatabase(),
    SECRET: randomBytes(32).toString('base64url'),
    PEPPER: randomBytes(32).toString('base64url'),
    BCRYPT_COST: '10',
    // Nobody can make a folder there, not even root.
    DATA_DIR: '/dev/null/none',
  }
}

/** Makes an empty database in the run's PostgreSQL. @returns its URL */
export async function createTestDatabase(): Promise<string> {
  const url = new URL(inject('databaseUrl'))
  const sql = postgres(url.href, { max: 1, onnotice: () => {} })
  const name = `test_${randomBytes(6).toString('hex')}`
  await sql.unsafe(`create database ${name}`)
  await sql.end()
  url.pathname = `/${name}`
  return url.href
}

/** Signs in through the real door. @returns the pair of tokens */
export async function signInAs(place: Place, person: Person): Promise<{ access: string, refresh: string }> {
  const answer = await place.call(`${auth}/jwt/create/`, { body: { email: person.email, password: person.password } })
  expect(answer.status).toBe(200)
  return answer.json
}

/** Signs in as a browser does. @returns its cookies */
export async function signInWithCookies(place: Place, person: Person): Promise<Record<string, string>> {
  const answer = await place.call(`${auth}/session/`, { body: { email: person.email, password: person.password }, sameOrigin: true })
  expect(answer.status).toBe(200)
  return answer.cookies
}

/** Adds a person to a place, with a password to sign in by. */
export async function addPerson(world: World, place: Place, email: string, options: { role?: 'Admin' | 'Staff', is_active?: boolean, password?: string } = {}): Promise<Person> {
  const { password = 'an unlikely row of words', ...fields } = options
  const user = await createUser(world.app, realmOf(world.app, place), { email, password, ...fields }, fromSystem)
  return { id: user.id, email, password }
}

/** The realm of a place, for looking into its tables. */
export function realmOf(app: RunningApp, place: Place): AuthRealm {
  return tenantAuthRealm(app.database, { id: place.id, name: place.host, schema: place.schema, origin: place.origin })
}

async function createPlace(app: RunningApp, port: number, name: string, subdomain: 'acme' | 'globex'): Promise<Place> {
  const passwords = people[subdomain]
  const { tenant, url, admin } = await createTenant(app, loadMigrations('.', 'tenant'), {
    name, subdomain, business_email: `office@${subdomain}.test`, business_phone_number: '', admin_email: 'ann@example.com', admin_password: passwords.admin,
  }, fromSystem)
  const place = { ...placeAt(port, `${subdomain}.localhost`), origin: url, id: tenant.id, schema: tenant.schema }
  const staff = await createUser(app, realmOf(app, place as Place), { email: 'ben@example.com', password: passwords.staff }, fromSystem)
  return { ...place, admin: { ...admin, password: passwords.admin }, staff: { id: staff.id, email: staff.email, password: passwords.staff } }
}

async function createConsole(app: RunningApp, port: number): Promise<Place> {
  const operator = { email: 'ann@example.com', password: 'lighthouse keepers log' }
  const { user, url } = await createOperator(app, operator, fromSystem)
  const person = { ...operator, id: user.id }
  return { ...placeAt(port, 'console.localhost'), origin: url, id: 'platform', schema: 'platform', admin: person, staff: person }
}

function placeAt(port: number, host: string): Pick<Place, 'host' | 'call'> {
  const withPort = `${host}:${port}`
  return { host: withPort, call: (path, options) => call(port, withPort, path, options) }
}
