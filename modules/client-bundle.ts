import { defineNuxtModule } from 'nuxt/kit'

/** Keeps out of the browser what no page needs there. */
export default defineNuxtModule({
  meta: { name: 'client-bundle' },
  setup(_options, nuxt) {
    nuxt.hook('app:resolve', app => {
      // Icons are part of the style sheet (assets/icons.js).
      app.plugins = app.plugins.filter(({ src }) => !src.includes('@nuxt/icon/'))
      // The server writes the colours into each page, and they do not change there.
      for (const plugin of app.plugins)
        if (plugin.src.includes('@nuxt/ui/dist/runtime/plugins/colors')) plugin.mode = 'server'
    })
    // By default, each page prefetches every component and page that it could open. layouts/dashboard.vue loads the
    // likely ones when the browser is idle.
    nuxt.hook('build:manifest', manifest => {
      for (const file of Object.values(manifest)) file.prefetch = false
    })
  },
})
