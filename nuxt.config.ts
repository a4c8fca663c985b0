import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import tailwindcss from '@tailwindcss/vite'

// `npm start` does not install what only lint and the tests need.
const modulesOfChecks = ['@nuxt/eslint', '@nuxt/test-utils/module'].filter(name =>
  existsSync(new URL(`node_modules/${name.split('/', 2).join('/')}`, import.meta.url)),
)

/** Without the forms, and what only some pages have, or show after an action only. */
const sharedByPages = [
  /\/components\/(?:list|shell|tenant)\/(?!Breadcrumb|Bulk|ColorMode|Empty|Fact|Language|Menu|PageSize|Progress|SelectionBar|Setup|State|TenantStatus)\w+\.vue/,
  /\/composables\/(?:list|shell|text)\/(?!useUndo)\w+\.ts/,
  /\/shared\/(?:dates|people\/person-name)\.ts/,
]

/** The fields of most forms, and what the pages for everyone have besides: they load nothing else of this. */
const sharedByForms =
  /\/components\/form\/(?:FormAlert|FormField|PasswordField|SubmitButton|SubmitForm|TextField|TextInput)\.vue|\/composables\/form\/use(?:FormAnswer|FormField|Submit)\.ts|\/components\/(?:shell\/LanguageChoice|sign-in\/OrLine)\.vue|\/composables\/(?:text\/useLanguage|account\/use(?:Passkeys|SignIn))\.ts/

// Without its comments and indentation: every page contains it.
const beforeHydration = readFileSync('assets/before-hydration.js', 'utf8').replaceAll(/^\s*(?:\/\/.*)?\n|^\s+/gm, '')

export default defineNuxtConfig({
  modules: ['@pinia/nuxt', ...modulesOfChecks],
  // Folders are for readers only: a component has the name of its file.
  components: [{ path: '~/components', pathPrefix: false }],
  imports: { dirs: ['composables/**'] },
  devtools: { enabled: false },

  app: {
    head: {
      link: [{ rel: 'icon', type: 'image/svg+xml', href: '/favicon.svg' }],
      script: [{ innerHTML: beforeHydration }],
    },
  },
  css: ['~/assets/main.css'],
  router: { options: { sensitive: true } },
  vite: { plugins: [tailwindcss()] },
  srcDir: '.',
  // The server's code is not minified, so its stack traces are readable without.
  sourcemap: false,

  // Pages depend on cookies and host, so nothing is cached, prerendered or extracted.
  experimental: {
    componentIslands: false,
    payloadExtraction: false,
    appManifest: false,
    // Not each page that a link in view leads to, only the one whose link is about to be used.
    defaults: { nuxtLink: { prefetchOn: { visibility: false, interaction: true } } },
  },
  compatibilityDate: '2026-11-01',

  nitro: {
    compressPublicAssets: { gzip: true, brotli: true },
    // The size of every file of the server, compressed: that takes seconds.
    logging: { compressedSizes: false, buildSuccess: true },
    // By default, code is rewritten for Node.js 12.
    esbuild: { options: { target: 'node24' } },
    errorHandler: '~~/server/error-handler.ts',
    // In the bundle: Node.js reads a package's description again for each of its files, of which there are hundreds. It
    // took two thirds of a start.
    externals: {
      inline: [
        'rate-limiter-flexible',
        'vue-router',
        'drizzle-orm',
        'postgres',
        'jose',
        'zod',
        'uuid',
        'csv-parse',
        'csv-stringify',
        '@opentelemetry',
      ],
    },
    typescript: { tsConfig: { compilerOptions: { noUncheckedIndexedAccess: true, erasableSyntaxOnly: true } } },
  },

  $production: {
    // The development server has an entry of its own.
    nitro: { entry: fileURLToPath(new URL('server/entry.ts', import.meta.url)) },
    vite: {
      // No component uses it. Tests of components do.
      vue: { features: { optionsAPI: false } },
      $client: {
        build: {
          modulePreload: { polyfill: false },
          rolldownOptions: {
            output: {
              // Three files in place of dozens of small ones, which would be larger when compressed.
              codeSplitting: {
                groups: [
                  { name: 'entry', test: /\/nuxt\/dist\/app\/entry\.js/, priority: 1 },
                  { name: 'forms', test: sharedByForms, priority: 1, includeDependenciesRecursively: false },
                  {
                    name: 'shared',
                    test: id => sharedByPages.some(pattern => pattern.test(id)),
                    minShareCount: 3,
                    includeDependenciesRecursively: false,
                  },
                ],
              },
            },
          },
        },
      },
    },
  },

  typescript: {
    strict: true,
    tsConfig: { compilerOptions: { noUncheckedIndexedAccess: true, erasableSyntaxOnly: true } },
    nodeTsConfig: {
      compilerOptions: { types: ['node'] },
      include: [
        '../cli/**/*',
        '../scripts/**/*',
        '../tests/**/*',
        '../bench/**/*',
        '../modules/**/*',
        '../drizzle/**/*',
        '../vitest.config.ts',
        '../drizzle.config.ts',
      ],
    },
  },
  telemetry: false,
  eslint: { config: { stylistic: false } },
})
