import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { addTypeTemplate, defineNuxtModule } from 'nuxt/kit'

/**
 * Writes `#build/api-routes`: for each path of the API, with `:` in place of each parameter, the types of its handlers
 * by method. So a page's call to a path that does not exist fails the type check.
 */
export default defineNuxtModule({
  meta: { name: 'api-routes' },
  setup(_options, nuxt) {
    addTypeTemplate({
      filename: 'api-routes.d.ts',
      getContents: () => routeTypes(join(nuxt.options.rootDir, 'server/api/v1')),
    })
  },
})

function routeTypes(folder: string): string {
  const methods = new Map<string, string[]>()
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
    const [, name, method] = /^(.*)\.(get|post|put|patch|delete)\.ts$/.exec(file) ?? []
    if (!name || !method) continue
    const path = name.replace(/(?:^|\/)index$/, '').replaceAll(/\[\w+\]/g, ':')
    const key = path.endsWith('.csv') ? path : `${path}/`
    const type = `typeof import('../server/api/v1/${file.replace(/\.ts$/, '')}').default`
    methods.set(key, [...(methods.get(key) ?? []), `    ${method.toUpperCase()}: ${type}`])
  }
  const paths = [...methods].map(([path, lines]) => `  '${path}': {\n${lines.join('\n')}\n  }`)
  return `export interface ApiRoutes {\n${paths.join('\n')}\n}\n`
}
