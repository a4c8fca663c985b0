/** After a navigation the focus moves to the page's heading, as after a full load (WCAG 2.4.3). */
export default defineNuxtPlugin(nuxtApp => {
  let path = useRoute().path
  nuxtApp.hook('page:finish', async () => {
    const { path: now } = useRoute()
    if (nuxtApp.isHydrating || now === path) return
    path = now
    await nextTick()
    const target = document.querySelector<HTMLElement>('main h1') ?? document.querySelector<HTMLElement>('main')
    if (!target || document.querySelector('main')?.contains(document.activeElement)) return
    target.tabIndex = -1
    target.focus({ preventScroll: true })
  })
})
