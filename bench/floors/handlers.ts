/**
 * What every floor does for a request: the tenant of the host from memory, one signature, one prepared statement on
 * the tenant's own tables, JSON. It has no rules, sessions, limits or log, so it is what the platform itself costs.
 */
import { randomUUID } from 'node:crypto'
import postgres from 'postgres'
import type { FloorClaims } from './jwt.ts'
import { signJwt, verifyJwt } from './jwt.ts'
import { pageStatement, personStatement, rotateStatement, rowsStatement } from './statements.ts'

export interface FloorAnswer {
  status: number
  body: unknown
}

export interface StaffRow {
  id: string
  email: string
  first_name: string
  last_name: string
  role: string
  department: string | null
}

interface FloorTenant {
  id: string
  name: string
  subdomain: string
  schema: string
}

const day = 86_400
const pageSize = 25
const secret = process.env.FLOOR_SECRET!
const sql = postgres(process.env.DATABASE_URL!, { max: 8, onnotice: () => {} })
const tenants = new Map<string, FloorTenant>()
for (const tenant of await sql<FloorTenant[]>`select id, name, subdomain, schema from platform.tenants`)
  tenants.set(tenant.subdomain, tenant)

/** @param authorization the header, with an access token */
export async function me(host: string | undefined, authorization: string | undefined): Promise<FloorAnswer> {
  const caller = callerOf(host, authorization?.replace('Bearer ', ''), 'access')
  if (!caller) return refusal
  const [user] = await run(personStatement(caller.tenant.schema), [caller.claims.sub])
  return user?.is_active ? { status: 200, body: { ...user, organization: caller.tenant.id } } : refusal
}

/** A page of the users who match a search. */
export async function list(
  host: string | undefined,
  authorization: string | undefined,
  query: { search: string; page: number },
): Promise<FloorAnswer> {
  const caller = callerOf(host, authorization?.replace('Bearer ', ''), 'access')
  if (!caller) return refusal
  const pattern = `%${query.search.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`
  const found = await run(pageStatement(caller.tenant.schema), [pattern, pageSize, (query.page - 1) * pageSize])
  const results = found.map(({ count, ...row }) => row)
  return { status: 200, body: { count: found[0]?.count ?? 0, results } }
}

/** Replaces a refresh token, which works once. */
export async function refresh(host: string | undefined, body: { refresh?: unknown }): Promise<FloorAnswer> {
  const caller = callerOf(host, String(body.refresh), 'refresh')
  if (!caller) return refusal
  const { sub, tenant, jti: used } = caller.claims
  const jti = randomUUID()
  const [row] = await run(rotateStatement, [used!, jti])
  if (row?.user_id !== sub) return refusal
  const now = Math.floor(Date.now() / 1000)
  return {
    status: 200,
    body: {
      access: signJwt({ sub, tenant, type: 'access', exp: now + day }, secret),
      refresh: signJwt({ sub, tenant, type: 'refresh', jti, exp: now + 7 * day }, secret),
    },
  }
}

/** The first users by name, for the staff page. @param token an access token */
export async function rows(host: string | undefined, token: string | undefined): Promise<FloorAnswer> {
  const caller = callerOf(host, token, 'access')
  if (!caller) return refusal
  const people = await run(rowsStatement(caller.tenant.schema), [pageSize])
  return { status: 200, body: { tenant: caller.tenant.name, people } }
}

/** For /readyz. */
export async function ready(): Promise<FloorAnswer> {
  await sql`select 1`
  return { status: 200, body: { status: 'ok' } }
}

const refusal: FloorAnswer = { status: 401, body: { detail: 'No.' } }

function callerOf(
  host: string | undefined,
  token: string | undefined,
  type: FloorClaims['type'],
): { tenant: FloorTenant; claims: FloorClaims } | undefined {
  const tenant = host === undefined ? undefined : tenants.get(host.slice(0, host.indexOf('.')))
  const claims = token === undefined ? undefined : verifyJwt(token, secret)
  return tenant && claims?.tenant === tenant.subdomain && claims.type === type ? { tenant, claims } : undefined
}

function run(statement: string, values: (string | number)[]): Promise<Record<string, unknown>[]> {
  return sql.unsafe(statement, values, { prepare: true })
}
