import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { Source } from '../support/sources.ts'
import { readRoutes } from '../support/routes.ts'
import { readSources } from '../support/sources.ts'

const routes = readSources('server/api/**/*.ts', 'server/routes/**/*.ts', 'server/routes/.*/**/*.ts')
const routesOutsideOfTenancy = [
  'server/api/v1/domains/ask.get.ts',
  'server/routes/healthz.get.ts',
  'server/routes/readyz.get.ts',
]

const isWithoutTenancy = (file: string) => routesOutsideOfTenancy.includes(file)

/** Every route without authentication, and why. */
const publicRoutes = {
  'server/api/v1/auth/jwt/blacklist.post.ts': 'the refresh token in the body is the credential',
  'server/api/v1/auth/jwt/create.post.ts': 'signing in',
  'server/api/v1/auth/jwt/passkey.post.ts': 'signing in',
  'server/api/v1/auth/jwt/refresh.post.ts': 'the refresh token in the body is the credential',
  'server/api/v1/auth/jwt/second-factor.post.ts': 'signing in: the challenge in the body is the credential',
  'server/api/v1/auth/jwt/verify.post.ts': 'the token in the body is what is asked about',
  'server/api/v1/auth/passkeys/options.post.ts': 'signing in: what a browser needs for that, the same for everyone',
  'server/api/v1/auth/rules.get.ts': 'the pages for those who cannot sign in yet say what an account takes',
  'server/api/v1/auth/session/index.delete.ts':
    'signing out, which works with either cookie and when it is done already',
  'server/api/v1/auth/session/index.post.ts': 'signing in',
  'server/api/v1/auth/session/passkey.post.ts': 'signing in',
  'server/api/v1/auth/session/refresh.post.ts': 'the refresh cookie is the credential',
  'server/api/v1/auth/session/second-factor.post.ts': 'signing in: the challenge in the body is the credential',
  'server/api/v1/auth/session/support.post.ts': "the token of the operator's link in the body is the credential",
  'server/api/v1/auth/users/activation.post.ts': 'the token of the link in the body is the credential',
  'server/api/v1/auth/users/index.post.ts': 'registration where a tenant allows it; looks for an admin by itself',
  'server/api/v1/auth/users/link_lookup.post.ts': 'the token of the link in the body is the credential',
  'server/api/v1/auth/users/resend_activation.post.ts':
    'a user who lost the mail cannot sign in; reveals nothing, and is rate-limited',
  'server/api/v1/auth/users/reset_password.post.ts':
    'a user who forgot the password cannot sign in; reveals nothing, and is rate-limited',
  'server/api/v1/auth/users/reset_password_confirm.post.ts': 'the token of the link in the body is the credential',
  'server/api/v1/auth/users/set_email_confirm.post.ts': 'the token of the link in the body is the credential',
  'server/api/v1/invitations/accept.post.ts': 'the token of the invitation in the body is the credential',
  'server/api/v1/invitations/lookup.post.ts': 'the token of the invitation in the body is the credential',
  'server/api/v1/mailbox/[id].get.ts': 'replaces a mail program when Tenantry is tried out; never in production',
  'server/api/v1/mailbox/index.get.ts': 'replaces a mail program when Tenantry is tried out; never in production',
  'server/api/v1/openapi.json.get.ts': 'the reference of the API, which is the same for everyone',
  'server/api/v1/organization/branding.get.ts': 'the name and colours of the sign-in page',
  'server/api/v1/organization/logo/index.get.ts': 'the picture on the sign-in page and in mails',
  'server/api/v1/signup/confirmation.post.ts': 'the token of the link in the body is the credential',
  'server/api/v1/signup/index.get.ts': 'whether organisations can be signed up',
  'server/api/v1/signup/index.post.ts':
    'the site has no people; does nothing before the address is confirmed, and is rate-limited',
  'server/api/v1/signup/lookup.post.ts': 'the token of the link in the body is the credential',
  'server/api/v1/signup/subdomain.get.ts': 'whether a subdomain is free can be seen by visiting it; rate-limited',
  'server/api/v1/tenants/info.post.ts':
    "the site has no people; needs the organisation's id or subdomain, and is rate-limited",
  'server/api/v1/tenants/info/mail.post.ts':
    'a user who does not know where to sign in cannot; reveals nothing, and is rate-limited',
  'server/routes/.well-known/jwks.json.get.ts': 'public keys',
  'server/routes/.well-known/webauthn.get.ts': 'browsers ask it which hosts may use passkeys',
  'server/routes/api/docs.get.ts': 'the reference of the API as a page, which is the same for everyone',
}

/** Every route by which an operator in a support session can change something, and why. */
const supportRoutes = {
  'server/api/v1/auth/users/[id].patch.ts':
    'names, departments and employee ids; the rule refuses roles, access and languages',
  'server/api/v1/auth/users/me.patch.ts': "the user's names; the rule refuses the language",
  'server/api/v1/departments/[id].delete.ts': 'departments are what people ask for help with',
  'server/api/v1/departments/[id].patch.ts': 'departments are what people ask for help with',
  'server/api/v1/departments/[id]/transfers.post.ts': 'departments are what people ask for help with',
  'server/api/v1/departments/index.post.ts': 'departments are what people ask for help with',
  'server/api/v1/organization/logo/index.delete.ts': 'a picture that does not fit',
  'server/api/v1/organization/logo/index.put.ts': 'a picture that does not fit',
  'server/api/v1/users/[id]/photo/index.delete.ts': 'a picture that does not fit',
  'server/api/v1/users/[id]/photo/index.put.ts': 'a picture that does not fit',
}
/** Every route that such an operator cannot even read: exported files outlive the session. */
const beyondSupport = [
  'server/api/v1/audit/export.csv.get.ts',
  'server/api/v1/auth/users/me/export.get.ts',
  'server/api/v1/users/export.csv.get.ts',
]
/** The same, because it is for nobody else: what a user signs in with. */
const ownFactors = [
  'server/api/v1/auth/devices/index.get.ts',
  'server/api/v1/auth/factors/index.get.ts',
  'server/api/v1/auth/reauthentication/index.get.ts',
  'server/api/v1/users/[id]/factors/index.get.ts',
]
/** Every route that a session may use whose user must add a second factor first. */
const enrolmentRoutes = [
  'server/api/v1/auth/factors/[id].delete.ts',
  'server/api/v1/auth/factors/[id].patch.ts',
  'server/api/v1/auth/factors/index.get.ts',
  'server/api/v1/auth/factors/passkeys/index.post.ts',
  'server/api/v1/auth/factors/passkeys/options.post.ts',
  'server/api/v1/auth/factors/recovery-codes.post.ts',
  'server/api/v1/auth/factors/totp/[id]/confirmation.put.ts',
  'server/api/v1/auth/factors/totp/index.post.ts',
  'server/api/v1/auth/reauthentication/index.get.ts',
  'server/api/v1/auth/reauthentication/index.post.ts',
  'server/api/v1/auth/reauthentication/options.post.ts',
  'server/api/v1/auth/users/me.get.ts',
  'server/api/v1/sessions/[id].delete.ts',
  'server/api/v1/sessions/index.delete.ts',
  'server/api/v1/sessions/index.get.ts',
]
/** Every route for which the user must have proved lately that it is them; on the console only if it says so. */
const reauthenticatedRoutes = [
  'server/api/v1/archives/[name]/index.delete.ts',
  'server/api/v1/archives/[name]/index.get.ts',
  'server/api/v1/archives/[name]/restorations.post.ts',
  'server/api/v1/audit/export.csv.get.ts',
  'server/api/v1/auth/factors/[id].delete.ts',
  'server/api/v1/auth/factors/passkeys/index.post.ts',
  'server/api/v1/auth/factors/passkeys/options.post.ts',
  'server/api/v1/auth/factors/recovery-codes.post.ts',
  'server/api/v1/auth/factors/totp/index.post.ts',
  'server/api/v1/auth/reauthentication/index.get.ts',
  'server/api/v1/auth/users/[id].delete.ts',
  'server/api/v1/auth/users/[id].patch.ts',
  'server/api/v1/auth/users/index.post.ts',
  'server/api/v1/keys/rotations.post.ts',
  'server/api/v1/tenants/[id]/clones.post.ts',
  'server/api/v1/tenants/[id]/deletion.put.ts',
  'server/api/v1/tenants/[id]/exports.post.ts',
  'server/api/v1/tenants/[id]/keys/index.post.ts',
  'server/api/v1/tenants/[id]/restorations.post.ts',
  'server/api/v1/tenants/[id]/support-accesses/index.post.ts',
  'server/api/v1/tenants/export.csv.get.ts',
  'server/api/v1/users/[id]/factors/index.delete.ts',
  'server/api/v1/users/export.csv.get.ts',
]

describe('every route', () => {
  test('by which somebody signed in creates or queues something takes an Idempotency-Key', async () => {
    const creating = (await readRoutes()).filter(
      ({ method, status, access }) => method === 'POST' && [201, 202].includes(status) && access !== 'public',
    )
    expect(creating.length).toBeGreaterThan(10)
    expect(creating.filter(({ idempotency }) => !idempotency).map(({ file }) => file)).toEqual([])
  })

  test('is defined with the surface that it is on, and says who may call it', () => {
    expect(routes.length).toBeGreaterThan(30)
    const others = routes.filter(({ file }) => !routesOutsideOfTenancy.includes(file))
    expect(others.filter(route => !accessOf(route)).map(({ file }) => file)).toEqual([])
    expect(routesOutsideOfTenancy.filter(file => !routes.some(route => route.file === file))).toEqual([])
  })

  test('that is public is in the list, with a reason', () => {
    expect(routes.filter(route => accessOf(route) === "'public'").map(({ file }) => file)).toEqual(
      Object.keys(publicRoutes),
    )
  })

  test('by which support changes something is in the list, with a reason; and what leaves as a file is closed to it', () => {
    const saying = (word: string) =>
      routes.filter(({ code }) => new RegExp(`\\bsupport: ${word}\\b`).test(code)).map(({ file }) => file)
    expect(saying('true')).toEqual(Object.keys(supportRoutes))
    expect(saying('false').sort()).toEqual([...beyondSupport, ...ownFactors].sort())
    const files = routes.filter(
      ({ file, code }) => /export[^/]*\.get\.ts$/.test(file) && !code.includes('definePlatformRoute'),
    )
    expect(files.map(({ file }) => file)).toEqual(beyondSupport)
  })

  test('that an unprotected user may use, and that needs reauthentication, is in the list', () => {
    const saying = (word: string) =>
      routes.filter(({ code }) => new RegExp(`\\b${word}: (?:true|'console')`).test(code)).map(({ file }) => file)
    expect(saying('enrolment').sort()).toEqual(enrolmentRoutes)
    expect(saying('reauthentication').sort()).toEqual(reauthenticatedRoutes)
  })

  test('that lists takes a search, and says what that looks into', () => {
    const lists = routes.filter(({ code }) => /\b(?:readPage|pageOf)\(|\bnext: null\b/.test(code))
    expect(lists.length).toBeGreaterThan(15)
    expect(lists.filter(({ code }) => !searches(code)).map(({ file }) => file)).toEqual([])
    const listing = (read: string) =>
      `import { listKeys } from '#server/domain/lib/window.ts'
      defineTenantRoute({ query: listQuery([], ['name']) }, ({ query }) => readPage(event, query, window => ${read}))`
    expect(searches(listing('findKeys(realm, query, window)'))).toBe(false)
    expect(searches(listing('listKeys(realm, query, window)'))).toBe(false)
  })

  test('declares what it answers: JSON, a file, or nothing', async () => {
    const declared = (await readRoutes()).filter(({ file }) => !isWithoutTenancy(file))
    const wrong = declared.filter(
      ({ status, answer, sends }) =>
        [status === 204, answer !== undefined, sends !== undefined].filter(Boolean).length !== 1,
    )
    expect(wrong.map(({ file }) => file)).toEqual([])
    expect(declared.length).toBeGreaterThan(100)
  })

  test('answers with strict schemas, so that an undeclared field fails every test', async () => {
    const openObjects = (schema: unknown): unknown[] =>
      typeof schema === 'object' && schema !== null
        ? [
            ...('properties' in schema && !('additionalProperties' in schema) ? [schema] : []),
            ...Object.values(schema).flatMap(openObjects),
          ]
        : []
    const open = (answer: z.ZodType) => openObjects(z.toJSONSchema(answer, { io: 'input', unrepresentable: 'any' }))
    const routes = (await readRoutes()).filter(({ answer }) => answer && open(answer).length > 0)
    expect(routes.map(({ file }) => file)).toEqual([])
    expect(open(z.strictObject({ a: z.object({ b: z.string() }) }))).toHaveLength(1)
  })

  test('takes no text with a NUL, which PostgreSQL refuses with an error', async () => {
    const taking = (schema: z.ZodObject) =>
      Object.entries(schema.shape).filter(([, type]) =>
        String((type as z.ZodType).safeParse('a\0b').data ?? '').includes('\0'),
      )
    const found = (await readRoutes())
      .filter(({ file }) => !isWithoutTenancy(file))
      .flatMap(({ file, query, bodies }) => [query, ...bodies].flatMap(taking).map(([name]) => `${file}: ${name}`))
    // These never reach the database as they are: one is a token, the others are read as numbers.
    const read = found.filter(name => !/: (?:page|page_size)$/.test(name))
    expect(read).toEqual(['server/api/v1/auth/jwt/verify.post.ts: token'])
    expect(taking(z.object({ name: z.string() }))).toHaveLength(1)
  })

  test('has its method in its name, or it would answer to all of them', () => {
    expect(routes.map(({ file }) => file).filter(file => !/\.(?:get|post|put|patch|delete)\.ts$/.test(file))).toEqual(
      [],
    )
  })

  test('reads its body as declared JSON: no reader of h3, which takes forms and any size', () => {
    const readers =
      /\b(?:readBody|readRawBody|readValidatedBody|readFormData|readMultipartFormData|getValidatedQuery|getRequestIP|getRequestHost|getRequestURL|parseCookies|getCookie)\b/
    expect(
      readSources('server/**/*.ts')
        .filter(({ code }) => readers.test(code))
        .map(({ file }) => file),
    ).toEqual([])
    expect(readers.test('const body = await readBody(event)')).toBe(true)
  })

  test('that violates this is found', () => {
    const route = (code: string) => accessOf({ file: 'server/api/v1/x.get.ts', code })
    expect(route('export default defineEventHandler(() => ({}))')).toBeUndefined()
    expect(route('export default defineTenantRoute({ body }, () => {})')).toBeUndefined()
    expect(
      route('const unused = defineTenantRoute({ access: canManageUsers }, f)\nexport default defineEventHandler(f)'),
    ).toBeUndefined()
    expect(route("export default defineTenantRoute({ body, access: 'public' }, () => {})")).toBe("'public'")
    expect(route('export default defineRealmRoute({\n  access: canManageUsers,\n}, () => {})')).toBe('canManageUsers')
  })
})

describe('every permission', () => {
  const permissions = [
    ...readFileSync('shared/permissions.ts', 'utf8').matchAll(/^export const (\w+): Permission\b/gm),
  ].map(([, name]) => name!)

  test('is asked for by a route', () => {
    expect(permissions.length).toBeGreaterThan(3)
    expect(permissions.filter(name => !isUsed(name))).toEqual([])
    expect(isUsed('canManageNothing')).toBe(false)
  })

  test('is what a route asks for, if it is not for everyone', () => {
    const words = ["'public'", "'signed-in'", ...permissions]
    expect(routes.map(accessOf).filter(access => access && !words.includes(access))).toEqual([])
  })

  function isUsed(permission: string): boolean {
    return routes.some(({ code }) => new RegExp(`\\b${permission}\\b`).test(code.replaceAll(/^import .*$/gm, '')))
  }
})

/** The route searches by itself, by a filter that takes the whole query, or by a list of the domain that does so. */
function searches(code: string): boolean {
  if (/\bquery\.search\b/.test(code) || /\b\w+Filter\(\w+(?:\.\w+)*, query\b/.test(code)) return true
  const list = /\b(list\w+)\([^()]*\bquery, (?:\w+, )?window\)/.exec(code)?.[1]
  const file = new RegExp(`^import \\{[^}]*\\b${list}\\b[^}]*\\} from '#(server/domain/[^']+)'`, 'm').exec(code)?.[1]
  return file !== undefined && readSources(file).some(source => searches(source.code))
}

/** The `access` that a route declares; a file that re-exports another route has that one's. */
function accessOf(route: Source): string | undefined {
  const other = /^export \{ default \} from '\.\/([^']+?)(?:\.ts)?'\s*$/.exec(route.code.trim())?.[1]
  if (other) {
    const folder = route.file.slice(0, route.file.lastIndexOf('/') + 1)
    const target = routes.find(({ file }) => file === `${folder}${other}.ts`)
    return target && accessOf(target)
  }
  return /export default define(?:Tenant|Platform|Realm|Host|Site)Route\(\s*\{(?:[^{}]|\{[^{}]*\})*?\baccess: ('[\w-]+'|\w+)/.exec(
    route.code,
  )?.[1]
}
