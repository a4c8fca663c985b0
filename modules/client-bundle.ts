import { defineNuxtModule } from 'nuxt/kit'

/** Keeps out of the browser what no page needs there. */
export default defineNuxtModule({
  meta: { name: 'client-bundle' },
  setup(_options, nuxt) {
    // By default, each page prefetches every component and page that it could open. layouts/dashboard.vue loads the
    // likely ones when the browser is idle.
    nuxt.hook('build:manifest', manifest => {
      for (const file of Object.values(manifest)) file.prefetch = false
    })
  },
})
