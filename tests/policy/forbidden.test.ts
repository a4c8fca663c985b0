import { describe, expect, test } from 'vitest'
import type { Source } from '../support/sources.ts'
import { readSources } from '../support/sources.ts'

interface Rule {
  name: string
  sources: Source[]
  pattern: RegExp
  /** Files that are exempt, with the reason. */
  exceptions?: Record<string, string>
  /** Examples that the rule must find, and examples that it must not. */
  bad: string[]
  good: string[]
}

const app = readSources(
  '{app,components,composables,layouts,middleware,pages,plugins,stores,utils}/**/*.{ts,vue}',
  '*.vue',
)
const server = readSources('{server,drizzle,cli,shared}/**/*.ts')

const rules: Rule[] = [
  {
    name: 'the app calls the API by useApi alone, which carries host and cookies and renews tokens once',
    sources: app,
    pattern:
      /(?<![\w.#-])(?:\$fetch(?:\.raw)?|useFetch|useLazyFetch|useRequestFetch|createFetch|fetch|sendBeacon)\s*(?:<[^()]*>)?\(|\b(?:globalThis|window|navigator)\.(?:fetch|sendBeacon)\b|\bnew (?:XMLHttpRequest|EventSource|WebSocket)\b|from 'ofetch'|from 'axios'/,
    exceptions: {
      'composables/api/browser.ts': "useApi's own way out in the browser",
      'composables/api/server.ts': "useApi's own way out on the server",
    },
    bad: [
      "const x = await $fetch('/api')",
      "useFetch<User>('/api')",
      'await fetch(url)',
      'window.fetch(url)',
      '$fetch.raw<unknown>(url)',
      'navigator.sendBeacon(url)',
      'new XMLHttpRequest()',
      'useRequestFetch()(url)',
    ],
    good: ['const { fetchOptions } = x; fetchOptions({})', 'prefetch(url)', "await api('users/')", 'refetch()'],
  },
  {
    name: 'the app writes no HTML from data',
    sources: app,
    pattern:
      /\bv-html\b|\binnerHTML\b|\bouterHTML\b|insertAdjacentHTML|document\.write|createContextualFragment|\beval\(|new Function\(/,
    bad: ['<p v-html="name" />', 'element.innerHTML = name', 'useHead({ script: [{ innerHTML: x }] })'],
    good: ['<p v-text="name" />', '<p>{{ html }}</p>'],
  },
  {
    name: "the app keeps nothing in a script's reach that signs anyone in",
    sources: app,
    pattern: /document\.cookie|useCookie[(<]|(?:local|session)Storage\.setItem\((?!key, time\))/,
    exceptions: {
      'composables/account/usePasskeyNudge.ts': 'that a suggestion was dismissed',
      'composables/text/useLanguage.ts': 'the language that was chosen',
      'plugins/time-zone.ts': 'the time zone of the browser',
      'composables/shell/useColours.ts': 'the colours that were chosen',
      'composables/shell/useKept.ts': 'how a page looks',
      'composables/shell/useShortcuts.ts': 'whether single keys are shortcuts',
    },
    bad: ['document.cookie = x', "const token = useCookie('token')", "localStorage.setItem('refresh', token)"],
    good: ['localStorage.setItem(key, time)', 'localStorage.getItem(key)'],
  },
  {
    name: "the app holds no state outside of a request: on the server it would be everyone's",
    // Top-level code of a component's script is its setup, which runs per request.
    sources: app.filter(({ file }) => file.endsWith('.ts')),
    pattern:
      /^(?:export )?(?:const|let) \w+(?:: [^=]+)? = (?:ref|reactive|shallowRef|shallowReactive|computed|new (?:Map|WeakMap))\b|^(?:export )?let /m,
    bad: ['const user = ref(null)', 'export const cache = new Map()', 'let user'],
    good: ["const useUser = () => useState('user')", '  const user = ref(null)', "const names = new Set(['a'])"],
  },
  {
    name: 'a query names its columns: tenants may be at different versions',
    sources: server,
    pattern: /\.(?:select|selectDistinct|returning)\(\s*\)|\b(?:select|returning)\s+\*/i,
    bad: [
      'db.select().from(users)',
      'db.insert(users).values(x).returning()',
      'sql`select * from x`',
      'sql`update x set y = 1 RETURNING *`',
    ],
    good: ['db.select({ id: users.id })', '.returning(userColumns(users))', 'sql`select count(*) from x`'],
  },
  {
    name: 'a new password is hashed past the rules for passwords',
    sources: server,
    pattern: /\bhashing\.hash\(/,
    exceptions: {
      'server/domain/users/passwords.ts': 'where the rules are',
      'server/domain/sessions/sign-in.ts': 'hashes a correct password again, at the current cost',
    },
    bad: ['await app.hashing.hash(password)'],
    good: ['await hashNewPassword(app, authRealm, user, password)', 'app.hashing.verify(password, hash)'],
  },
  {
    name: 'the database driver is reached through server/database/driver.ts, where it repeats nothing by itself',
    sources: server,
    pattern: /^import (?!type).*'postgres'$|import\('postgres'\)/m,
    exceptions: { 'server/database/driver.ts': 'that place' },
    bad: [
      "import postgres from 'postgres'",
      "import postgres, { type Sql } from 'postgres'",
      "await import('postgres')",
    ],
    good: ["import type { Sql } from 'postgres'", "import { connectDatabase } from './driver.ts'"],
  },
  {
    name: 'a query takes no text as it is',
    sources: server,
    pattern: /sql\.raw\(|\.unsafe\(/,
    exceptions: {
      'server/database/slots/slot.ts': 'what drizzle has built, with its parameters apart',
      'server/database/slots/transaction.ts': 'what drizzle has built, and raw, for the files below',
      'server/database/notifications.ts': 'a channel of ours, and a constant',
      'server/database/pooler.ts': 'questions to a pooler, all constants',
      'server/database/copy.ts': 'COPY takes no parameters; names that are checked, and a constant',
      'server/database/migrations/fleet-query.ts': "what an operator with the database's own password wants to run",
      'server/database/migrations/runner.ts': "migrations, and a schema's name that requireSchemaName has let through",
      'server/domain/tenants/purge.ts': 'drop schema, with a name that requireSchemaName has let through',
      ...Object.fromEntries(
        readSources('server/database/embedded/**/*.ts', 'server/database/embedded/embedded.ts').map(({ file }) => [
          file,
          'roles and databases of our own making, before there is a schema',
        ]),
      ),
    },
    bad: ['sql.raw(`select ${x}`)', 'client.unsafe(text)'],
    good: ['sql`select ${x}`'],
  },
  {
    name: 'the environment is read in one place',
    sources: [...app, ...server, ...readSources('modules/**/*.ts', 'nuxt.config.ts')],
    pattern: /\bprocess\.env\b|import\.meta\.env\b/,
    exceptions: {
      'cli/task.ts': 'hands it to the configuration',
      'cli/tenantry.ts': 'looks for compiled code before anything is loaded',
      'server/process-config.ts': 'hands it to the configuration',
      'server/entry.ts': 'needs two settings before anything else is loaded',
      'server/primary.ts': 'loads nothing, the configuration neither',
      'server/serve.ts': 'is told by the primary process when to open the port',
      'server/log.ts': 'a fault before the configuration is read is logged too',
      'server/database/embedded/cluster.ts': 'a child process needs the PATH',
      'server/database/embedded/postmaster.ts': 'a child process needs the PATH',
    },
    bad: ['const x = process.env.SECRET', 'import.meta.env.VITE_X'],
    good: ['config.secret', 'import.meta.server'],
  },
  {
    name: 'runtime configuration, which Nuxt puts into pages and environment variables may replace, is not used',
    sources: [...app, ...server, ...readSources('nuxt.config.ts')],
    pattern: /\buseRuntimeConfig\b|\bruntimeConfig\b/,
    exceptions: { 'server/plugins/2.requests.ts': "hands on nitro's own, in which there is nothing of ours" },
    bad: ['const { secret } = useRuntimeConfig()', "runtimeConfig: { secret: '' }"],
    good: ['loadConfig(process.env)'],
  },
  {
    name: 'an answer depends on who asks, so nothing is cached for others',
    sources: [...server, ...readSources('nuxt.config.ts')],
    pattern: /\bdefineCached(?:EventHandler|Function)\b|\bcachedEventHandler\b|\brouteRules\b|\bswr\b|\bisr\b/,
    bad: ['export default defineCachedEventHandler(f)', "routeRules: { '/': { swr: true } }"],
    good: ['export default defineTenantRoute({ access }, f)'],
  },
  {
    name: 'the record is added to and never changed, nor is what guards it switched off',
    sources: [...server, ...readSources('scripts/**/*.ts')],
    pattern:
      /\.(?:update|delete)\((?:\w+\.)*(?:audit_)?events\)|\b(?:update|delete from|truncate(?: table)?)\s+\S*audit_events|session_replication_role|disable\s+trigger|\bgrant\s+[^'`\n]*\bon\b/i,
    bad: [
      'db.delete(audit_events)',
      'tx.update(tables.audit_events).set(x)',
      'db.delete(events)',
      'sql`delete from platform.audit_events`',
      'alter table x disable trigger all',
      'set session_replication_role = replica',
      'grant update on audit_events to tenantry',
    ],
    good: ['db.insert(audit_events)', 'db.select({ id: events.id }).from(events)', 'db.delete(tokens)'],
  },
]

describe.each(rules)('$name', ({ sources, pattern, exceptions = {}, bad, good }) => {
  test('everywhere', () => {
    expect(sources.length).toBeGreaterThan(0)
    expect(
      sources.filter(({ file, code }) => !(file in exceptions) && pattern.test(code)).map(({ file }) => file),
    ).toEqual([])
  })

  test('and violations are found', () => {
    expect(bad.filter(code => !pattern.test(code))).toEqual([])
    expect(good.filter(code => pattern.test(code))).toEqual([])
  })
})
