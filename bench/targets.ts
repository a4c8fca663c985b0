import { randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { globSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Sql } from 'postgres'
import postgres from 'postgres'
import { insertSession, mintPair } from '#server/domain/sessions/open.ts'
import { freePort } from '../tests/support/process/server.ts'
import type { Fleet, Member } from './fleet.ts'
import type { FloorClaims } from './floors/jwt.ts'
import { signJwt } from './floors/jwt.ts'
import { rememberStatement, tokensTable } from './floors/statements.ts'
import type { Program } from './processes.ts'
import { startNode } from './processes.ts'
import { tell } from './report.ts'

/** A server that is measured, and how to speak to it. */
export interface Target extends Program {
  /** Its paths, for what it can do. */
  paths: { me: string; list: string; refresh: string; page?: string }
  /** The name of the cookie with the access token. */
  cookie: string
  /** Opens a new session of a user, without a password. */
  signIn(member: Member): Promise<Tokens>
}

export interface Tokens {
  access: string
  refresh: string
}

const day = 86_400
const nuxtFloor = 'bench/floors/nuxt'
const nuxtEntry = `${nuxtFloor}/.output/server/index.mjs`

export function tenantryOn(fleet: Fleet): Target {
  return {
    name: 'Tenantry',
    command: ['.output/server/index.mjs'],
    env: fleet.env,
    port: fleet.port,
    paths: {
      me: '/api/v1/auth/users/me/',
      list: '/api/v1/users/',
      refresh: '/api/v1/auth/jwt/refresh/',
      page: '/people',
    },
    cookie: 'tenantry_access',
    signIn: member => signIn(fleet, member),
  }
}

/** Servers that only do what the platform needs for the same answers. They share one table of refresh tokens. */
export async function createFloors(fleet: Fleet): Promise<{ targets: Target[]; close(): Promise<void> }> {
  await buildNuxtFloor()
  const sql = postgres(fleet.env.DATABASE_URL!, { max: 1, onnotice: () => {} })
  await sql.unsafe(tokensTable)
  const secret = randomBytes(32).toString('base64url')
  const create = async (name: string, entry: string, page?: string): Promise<Target> => {
    const port = await freePort()
    return {
      name,
      command: [entry],
      env: {
        DATABASE_URL: fleet.env.DATABASE_URL!,
        FLOOR_SECRET: secret,
        PORT: String(port),
        // As Tenantry's, which keeps its own.
        NODE_COMPILE_CACHE: join(fleet.env.DATA_DIR!, 'compiled-floors'),
      },
      port,
      paths: { me: '/me', list: '/list', refresh: '/refresh', page },
      cookie: 'floor_access',
      signIn: member => signInToFloor(sql, secret, member),
    }
  }
  return {
    targets: [
      await create('bare node:http', 'bench/floors/node-http.ts'),
      await create('bare Nuxt', nuxtEntry, '/staff-list'),
    ],
    close: () => sql.end(),
  }
}

async function signIn({ app }: Fleet, { id, tenant: { authRealm } }: Member): Promise<Tokens> {
  const { realm } = authRealm
  const session = await insertSession(realm.db, app, realm, id, { ip: null, user_agent: null })
  const { access, refresh } = await mintPair(app, authRealm, session)
  return { access: access.token, refresh: refresh.token }
}

async function signInToFloor(sql: Sql, secret: string, { id, tenant }: Member): Promise<Tokens> {
  const jti = randomUUID()
  await sql.unsafe(rememberStatement, [jti, id])
  const sign = (claims: Pick<FloorClaims, 'type' | 'jti'>) =>
    signJwt({ sub: id, tenant: tenant.subdomain, ...claims, exp: Math.floor(Date.now() / 1000) + day }, secret)
  return { access: sign({ type: 'access' }), refresh: sign({ type: 'refresh', jti }) }
}

/** Builds the bare Nuxt application, unless it was built since its sources changed. */
async function buildNuxtFloor(): Promise<void> {
  const built = statSync(nuxtEntry, { throwIfNoEntry: false })?.mtimeMs ?? 0
  const sources = [...globSync(['bench/floors/*.ts', `${nuxtFloor}/{app,server}/**/*.{ts,vue}`]), 'package-lock.json']
  if (sources.every(file => statSync(file).mtimeMs < built)) return
  tell('Building the bare Nuxt application…')
  const build = startNode(['node_modules/nuxt/bin/nuxt.mjs', 'build', nuxtFloor], ['ignore', 'ignore', 'inherit'])
  const [code] = (await once(build, 'exit')) as [number | null]
  if (code !== 0) throw new Error(`The bare Nuxt application cannot be built (${code}).`)
}
