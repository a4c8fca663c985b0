declare module '#migrations' {
  import type { MigrationSets } from './database/migrator.ts'

  export const migrations: MigrationSets
}

declare module '#api-routes' {
  export const apiRoutes: { route: string, method: string }[]
}
