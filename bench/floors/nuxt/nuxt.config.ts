import { defineNuxtConfig } from 'nuxt/config'

/** The floor on the same framework: Nuxt without modules, with the same handlers and one page. */
export default defineNuxtConfig({
  compatibilityDate: '2026-11-01',
  telemetry: false,
  devtools: { enabled: false },
  experimental: { payloadExtraction: false, appManifest: false },
  nitro: {
    esbuild: { options: { target: 'node24' } },
    externals: { inline: ['postgres'] },
  },
})
