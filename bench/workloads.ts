import type { Answer } from '../tests/support/http.ts'
import { call } from '../tests/support/http.ts'
import type { Member } from './fleet.ts'
import { commonName, namesakes } from './fleet.ts'
import type { LoadRequest } from './load.ts'
import type { Target, Tokens } from './targets.ts'

export interface Workload {
  name: string
  connections: number
  /** SQL statements for each request; `tests/api/database/statement-counts.test.ts` checks them. */
  statements: { Tenantry: number; floors: number }
  /** @returns undefined if the target has no such answer */
  request(target: Target, member: Member, tokens: Tokens): LoadRequest | undefined
  /** @returns what is wrong with an answer, or undefined */
  findFault(answer: Answer, member: Member, target: Target): string | undefined | Promise<string | undefined>
}

const pageSize = 25

export const workloads: Workload[] = [
  {
    name: 'users/me',
    connections: 32,
    statements: { Tenantry: 1, floors: 1 },
    request: ({ paths, port }, member, { access }) => get(paths.me, port, member, bearer(access)),
    findFault: isMe,
  },
  {
    name: `staff list: page 2 of ${namesakes} matches`,
    connections: 32,
    statements: { Tenantry: 2, floors: 1 },
    request: ({ paths, port }, member, { access }) =>
      get(`${paths.list}?search=${commonName.toLowerCase()}&page=2`, port, member, bearer(access)),
    findFault: findListFault,
  },
  {
    name: 'refresh',
    connections: 32,
    statements: { Tenantry: 1, floors: 1 },
    request: ({ paths, port }, member, { refresh }) => ({
      method: 'POST',
      path: paths.refresh,
      headers: { 'host': hostOf(member, port), 'content-type': 'application/json' },
      refresh,
    }),
    findFault: ({ json }, member, { port, paths }) =>
      call(port, hostOf(member, port), paths.me, { token: json.access }).then(answer => isMe(answer, member)),
  },
  {
    name: 'staff page, server-rendered',
    connections: 16,
    statements: { Tenantry: 3, floors: 1 },
    request: ({ paths, port, cookie }, member, { access }) =>
      paths.page === undefined
        ? undefined
        : get(paths.page, port, member, { accept: 'text/html', cookie: `${cookie}=${access}` }),
    findFault: findPageFault,
  },
]

/**
 * Sends a request once and checks its answer.
 * @throws when it is not what the user must get
 */
export async function checkAnswer(
  workload: Workload,
  target: Target,
  member: Member,
  request: LoadRequest,
): Promise<void> {
  const { method, path, headers, refresh } = request
  const body = refresh === undefined ? undefined : { refresh }
  const answer = await call(target.port, headers.host!, path, { method, headers, body })
  const fault = answer.status === 200 ? await workload.findFault(answer, member, target) : String(answer.status)
  if (fault)
    throw new Error(`${target.name}, ${workload.name}, ${member.email}: ${fault}\n${answer.text.slice(0, 500)}`)
  // That token was used.
  if (refresh !== undefined) request.refresh = answer.json.refresh as string
}

function get(path: string, port: number, member: Member, headers: Record<string, string>): LoadRequest {
  return { method: 'GET', path, headers: { host: hostOf(member, port), ...headers } }
}

function hostOf({ tenant }: Member, port: number): string {
  return `${tenant.subdomain}.localhost:${port}`
}

function bearer(access: string): Record<string, string> {
  return { authorization: `Bearer ${access}` }
}

function isMe({ status, json }: Answer, member: Member): string | undefined {
  return status === 200 && json.email === member.email ? undefined : `not the user: ${status} ${json?.email}`
}

function findListFault({ json }: Answer, { tenant }: Member): string | undefined {
  const rows = json.results as { email: string; first_name: string }[]
  if (json.count !== namesakes || rows.length !== pageSize) return `${rows.length} rows of ${json.count}`
  return rows.every(row => isOf(tenant.subdomain, row.email) && row.first_name === commonName)
    ? undefined
    : 'a row of another tenant or another name'
}

/** Every row has the user's address, and the page may have the caller's as well. */
function findPageFault({ text }: Answer, { tenant, email }: Member): string | undefined {
  const rendered = text.replaceAll(/<script[\s\S]*?<\/script>/g, '')
  const addresses = new Set(rendered.match(/[\w.-]+@[\w.-]+\.example/g) ?? [])
  const rows = [...addresses].filter(address => address !== email).length
  if (rows < pageSize - 1 || rows > pageSize) return `${rows} rows`
  return [...addresses].every(address => isOf(tenant.subdomain, address)) ? undefined : 'a row of another tenant'
}

function isOf(subdomain: string, email: string): boolean {
  return email.endsWith(`@${subdomain}.example`)
}
