/**
 * Stops the watchers of a page when it has been rendered. Nothing changes there any more, and their cycles through weak
 * maps would keep whole pages in memory: V8 frees these after thousands of pages only.
 */
export default defineNuxtPlugin(nuxtApp => {
  nuxtApp.hook('app:rendered', () => nuxtApp._scope.stop())
})
