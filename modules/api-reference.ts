import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { defineNuxtModule } from 'nuxt/kit'

const swaggerUi = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'))

/** Serves Swagger UI and its start under `/_reference/`, for the page of server/routes/api/docs.get.ts. */
export default defineNuxtModule({
  meta: { name: 'api-reference' },
  setup(_options, nuxt) {
    nuxt.hook('nitro:config', config => {
      // Nothing of the build's own folder is public, unless Nuxt has put it there.
      const dir = join(nuxt.options.rootDir, 'node_modules/.cache/api-reference')
      mkdirSync(dir, { recursive: true })
      for (const name of ['swagger-ui-bundle.js', 'swagger-ui.css']) {
        // Without the address of a source map, which is not there.
        const code = readFileSync(join(swaggerUi, name), 'utf8').replaceAll(
          /^(?:\/\/|\/\*)# sourceMappingURL=.*$/gm,
          '',
        )
        writeFileSync(join(dir, name), code)
      }
      cpSync(join(nuxt.options.rootDir, 'assets/api-reference.js'), join(dir, 'start.js'))
      config.publicAssets = [...(config.publicAssets ?? []), { dir, baseURL: '/_reference', maxAge: 3600 }]
    })
  },
})
