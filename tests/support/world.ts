import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eq } from 'drizzle-orm'
import { expect, inject } from 'vitest'
import { loadConfig } from '#server/config.ts'
import type { RunningApp } from '#server/create-app.ts'
import { createApp } from '#server/create-app.ts'
import { loadMigrations } from '#server/database/migrations/files.ts'
import { bootstrapPlatform } from '#server/database/migrations/runner.ts'
import type { AuthRealm } from '#server/domain/auth-realm.ts'
import { platformAuthRealm, tenantAuthRealm } from '#server/domain/auth-realm.ts'
import { fromSystem } from '#server/domain/context.ts'
import { createUser } from '#server/domain/users/create.ts'
import { createLogger } from '#server/logger.ts'
import { waitLimit } from './process/wait-limit.ts'
import { isBalanced, startBalanced } from './balancer/balanced.ts'
import type { Person, TemplateName } from './database/templates.ts'
import { createDatabase, hashingSettings, populate } from './database/templates.ts'
import type { Answer, Call } from './http.ts'
import { call } from './http.ts'
import { forbid } from './oracle.ts'
import type { TestServer } from './process/server.ts'
import { freePort, startServer } from './process/server.ts'
import { unlessBusy } from './unless-busy.ts'

/** A host on which users sign in: a tenant's portal, or the console. */
export interface Place {
  host: string
  origin: string
  /** The tenant's id, or `platform`. */
  id: string
  schema: string
  admin: Person
  /** Missing on the console. */
  staff: Person
  call(path: string, options?: Call): Promise<Answer>
}

/** Two organisations whose users have the same e-mail addresses with different passwords, an operator, and a server. */
export interface World {
  /** With `BALANCED`, two processes with one log; its port and process are then those of the first. */
  server: TestServer
  /** How many they are. */
  processes: number
  /** The one that users type: the server's, or the balancer's before it. */
  port: number
  /** The server's environment, for a second one on the same database. */
  env: Record<string, string>
  /** Settings of another server that uses the same connection pooler; none without `BALANCED`. */
  pooled: Record<string, string>
  /** The domain rules on the same database, to prepare a test; never for what is tested. */
  app: RunningApp
  acme: Place
  globex: Place
  console: Place
  /** Calls a host by its name, known or unknown. */
  call(host: string, path: string, options?: Call): Promise<Answer>
  /** Stops everything, and checks that the server logged no unexpected error. */
  stop(): Promise<void>
}

export const api = '/api/v1'
export const auth = `${api}/auth`

export interface WorldOptions {
  /** Puts something between the database and the world. @returns its URL */
  through?: (database: string) => Promise<string>
  /** One, also with `BALANCED`: for what a balancer or a second process would hide. */
  processes?: 1
}

/** @param settings of the server, such as `{ SIGNUP: 'open' }` */
export async function createWorld(
  settings: Record<string, string> = {},
  { through = database => Promise.resolve(database), processes }: WorldOptions = {},
): Promise<World> {
  const port = await freePort()
  const mailDir = await mkdtemp(join(tmpdir(), 'tenantry-mail-'))
  const env = {
    ...(await createSettings('world', settings.DATABASE_URL ?? (await through(await createTestDatabase('world'))))),
    PORT: String(port),
    MAIL_DIR: mailDir,
    // Two organisations need no spare schemas.
    POOL_SIZE: '0',
    // No token expires during a test.
    ACCESS_TTL: '3600',
    REFRESH_GRACE: '3600',
    ...settings,
  }
  // Unlike a request, a test waits for a slot as long as it takes on a slow machine.
  const app = await createApp(loadConfig(env), createLogger('silent'), { size: 2, waitLimit: waitLimit.timeout })
  const { acme, globex, console } = await findPlaces(app, port, settings.DATABASE_URL === undefined)
  separate(port, acme, globex)
  const balanced = isBalanced && processes !== 1 ? await startBalanced(env) : undefined
  const server = balanced ?? (await startServer(env))
  return {
    server,
    processes: balanced ? 2 : 1,
    port,
    env,
    pooled: balanced?.pooled ?? {},
    app,
    acme,
    globex,
    console,
    call: (host, path, options) => call(port, host, path, options),
    async stop() {
      await server.stop()
      await app.close()
      await rm(mailDir, { recursive: true, force: true })
      expect(server.log.filter(line => ['error', 'fatal', 'text'].includes(line.level))).toEqual([])
    },
  }
}

/** Lets every test fail in which an answer has something of the other organisation. */
function separate(port: number, acme: Place, globex: Place): void {
  const [ofAcme, ofGlobex] = [marksOf(acme, 'acme'), marksOf(globex, 'globex')]
  forbid(acme.host, [...ofGlobex, acme.schema])
  forbid(globex.host, [...ofAcme, globex.schema])
  forbid(acme.id, ofGlobex)
  forbid(globex.id, ofAcme)
  forbid(`localhost:${port}`, [...ofAcme, ...ofGlobex])
}

function marksOf({ id, schema, admin, staff }: Place, subdomain: string): string[] {
  return [id, schema, admin.id, staff.id, `office@${subdomain}.test`]
}

/**
 * An environment with a database, its secrets, and fast hashes.
 * @param template the database is a copy of it; empty by default
 * @param database the URL of an existing one
 */
export async function createSettings(template?: TemplateName, database?: string): Promise<Record<string, string>> {
  return {
    DATABASE_URL: database ?? (await createTestDatabase(template)),
    ...inject('templates').secrets,
    ...hashingSettings,
    CHECK_STATEMENTS: '1',
    // A path that cannot be created, not even by root.
    DATA_DIR: '/dev/null/none',
  }
}

/**
 * Creates a database in the run's PostgreSQL, empty without a template.
 * @returns its URL
 */
export function createTestDatabase(template?: TemplateName): Promise<string> {
  return createDatabase(inject('databaseUrl'), `test_${randomBytes(6).toString('hex')}`, template)
}

/**
 * Signs in through the real endpoint.
 * @returns the pair of tokens
 */
export async function signInAs(place: Place, person: Person): Promise<{ access: string; refresh: string }> {
  const body = { email: person.email, password: person.password }
  const answer = await unlessBusy(() => place.call(`${auth}/jwt/create/`, { body }))
  expect(answer.status).toBe(200)
  return answer.json
}

/**
 * Signs in as a browser does.
 * @returns its cookies
 */
export async function signInWithCookies(place: Place, person: Person): Promise<Record<string, string>> {
  const body = { email: person.email, password: person.password }
  const answer = await unlessBusy(() => place.call(`${auth}/session/`, { body, sameOrigin: true }))
  expect(answer.status).toBe(200)
  return answer.cookies
}

/** The place at one process, also with `BALANCED`: for what the other one or the balancer would change. */
export function atOneProcess({ server }: World, place: Place): Place {
  return { ...place, call: (path, options) => call(server.port, place.host, path, options) }
}

/** Adds a user with a password to a place. */
export async function addPerson(
  world: World,
  place: Place,
  email: string,
  options: { role?: 'Admin' | 'Staff'; is_active?: boolean; password?: string } = {},
): Promise<Person> {
  const { password = 'an unlikely row of words', ...fields } = options
  const authRealm = realmOf(world.app, place)
  const {
    realm: {
      db,
      tables: { users },
    },
  } = authRealm
  const { id } = await createUser(world.app, authRealm, { email, password: null, ...fields }, fromSystem)
  await db
    .update(users)
    .set({ password: await hashOnce(world.app, password) })
    .where(eq(users.id, id))
  return { id, email, password }
}

const hashes = new Map<string, Promise<string>>()

/** Hashing takes longer than the rest of creating a user. */
function hashOnce({ hashing }: RunningApp, password: string): Promise<string> {
  const hash = hashes.get(password) ?? hashing.hash('tests', password)
  hashes.set(password, hash)
  return hash
}

/** The realm of a place, for access to its tables. */
export function realmOf(app: RunningApp, place: Place): AuthRealm {
  if (place.schema === 'platform') return platformAuthRealm(app.database, place.origin)
  return tenantAuthRealm(app.database, { id: place.id, name: place.host, schema: place.schema, origin: place.origin })
}

/** @param isCopy whether the database already has its users */
async function findPlaces(
  app: RunningApp,
  port: number,
  isCopy: boolean,
): Promise<Pick<World, 'acme' | 'globex' | 'console'>> {
  if (!isCopy) await bootstrapPlatform(app.database, loadMigrations('.', 'platform'))
  // A copy: a test that changes a password stores the new one in it.
  const { acme, globex, operator } = isCopy ? structuredClone(inject('templates').population) : await populate(app)
  return {
    acme: { ...placeAt(app, port, 'acme'), ...acme },
    globex: { ...placeAt(app, port, 'globex'), ...globex },
    console: { ...placeAt(app, port, 'console'), id: 'platform', schema: 'platform', admin: operator, staff: operator },
  }
}

function placeAt({ config }: RunningApp, port: number, subdomain: string): Pick<Place, 'host' | 'origin' | 'call'> {
  const host = `${subdomain}.localhost`
  const withPort = `${host}:${port}`
  return { host: withPort, origin: config.originOf(host), call: (path, options) => call(port, withPort, path, options) }
}
