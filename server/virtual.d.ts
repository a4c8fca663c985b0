declare module '#migrations' {
  import type { MigrationSets } from './database/migrations/runner.ts'

  export const migrations: MigrationSets
}

declare module '#api-routes' {
  export const apiRoutes: { route: string; method: string }[]
}
