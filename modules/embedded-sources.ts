import { defineNuxtModule } from 'nuxt/kit'
import { loadMigrations } from '#server/database/migrations/files.ts'

/**
 * Puts into the build what the server would otherwise have to look for on the disk it runs from:
 * the migrations, as `#migrations`, and the table of its own API routes, as `#api-routes`, by which
 * a call with the wrong method is answered 405 with an Allow header that is true.
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
