declare module '#migrations' {
  import type { MigrationSets } from './database/migrations/runner.ts'

  export const migrations: MigrationSets
}

/** Built in by @nuxtjs/i18n: the hash in the URL of each language's texts. */
declare const __I18N_LOCALE_HASHES__: Record<import('#shared/dates.ts').Language, string>

declare module '#api-routes' {
  export const apiRoutes: { route: string; method: string }[]
}
