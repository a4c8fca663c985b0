declare module '#migrations' {
  import type { MigrationSets } from './database/migrations/runner.ts'

  export const migrations: MigrationSets
}

/** Put into the build by @nuxtjs/i18n: what stands for each language's texts in their address. */
declare const __I18N_LOCALE_HASHES__: Record<import('#shared/dates.ts').Language, string>

declare module '#api-routes' {
  export const apiRoutes: { route: string; method: string }[]
}
