import { defineNuxtModule } from 'nuxt/kit'
import { loadMigrations } from '#server/database/migrations/files.ts'

/**
 * Embeds files into the build that the server would otherwise read from disk: the migrations as `#migrations`, and
 * the table of API routes as `#api-routes`, which is used to answer a wrong method with 405 and a correct Allow
 * header.
 */
export default defineNuxtModule({
  meta: { name: 'embedded-sources' },
  setup(_options, nuxt) {
    nuxt.hook('nitro:init', nitro => {
      nitro.options.virtual['#migrations'] = () => {
        const root = nuxt.options.rootDir
        return `export const migrations = ${JSON.stringify({ platform: loadMigrations(root, 'platform'), tenant: loadMigrations(root, 'tenant') })}`
      }
      nitro.options.virtual['#api-routes'] = () => {
        const routes = nitro.scannedHandlers
          .filter(handler => handler.route?.startsWith('/api/') && handler.method)
          .map(handler => ({ route: handler.route, method: handler.method!.toUpperCase() }))
        return `export const apiRoutes = ${JSON.stringify(routes)}`
      }
    })
  },
})
