export default defineNuxtConfig({
  modules: ['@nuxt/ui', '@pinia/nuxt', '@nuxt/eslint', '@nuxt/test-utils/module'],
  devtools: { enabled: false },

  app: {
    head: {
      htmlAttrs: { lang: 'en' },
      link: [{ rel: 'icon', type: 'image/svg+xml', href: '/favicon.svg' }],
    },
  },
  css: ['~/assets/main.css'],
  router: { options: { sensitive: true } },
  ui: { fonts: false, colorMode: true, theme: { colors: ['primary', 'success', 'warning', 'error', 'info'] } },
  srcDir: '.',
  sourcemap: { server: true, client: false },

  // What a signed-in person sees depends on cookies and host, so nothing is cached, prerendered or split out.
  experimental: { componentIslands: false, payloadExtraction: false, appManifest: false },
  compatibilityDate: '2026-11-01',

  nitro: {
    errorHandler: '~~/server/error-handler.ts',
    typescript: { tsConfig: { compilerOptions: { noUncheckedIndexedAccess: true, erasableSyntaxOnly: true } } },
  },

  typescript: {
    strict: true,
    tsConfig: { compilerOptions: { noUncheckedIndexedAccess: true, erasableSyntaxOnly: true } },
    nodeTsConfig: {
      compilerOptions: { types: ['node'] },
      include: ['../cli/**/*', '../scripts/**/*', '../tests/**/*', '../bench/**/*', '../modules/**/*', '../drizzle/**/*', '../vitest.config.ts', '../drizzle.config.ts'],
    },
  },
  telemetry: false,

  eslint: { config: { stylistic: true } },
  icon: { provider: 'none', serverBundle: 'local', clientBundle: { scan: true } },
})
