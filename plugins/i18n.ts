/** The texts of the interface, and the document's language and direction. */
export default defineNuxtPlugin({
  name: 'i18n',
  async setup(nuxtApp) {
    const i18n = createI18n()
    const { locale, groups } = i18n
    nuxtApp.vueApp.config.globalProperties.$t = i18n.t
    useHead({ htmlAttrs: { lang: locale, dir: () => (locale.value === 'ar' ? 'rtl' : 'ltr') } })
    await i18n.load([])
    // The browser begins to load them with the scripts of the page.
    if (import.meta.server)
      nuxtApp.hook('app:rendered', ({ ssrContext }) => {
        for (const group of groups) ssrContext?.modules?.add(`i18n/${locale.value}/${group}.ts`)
      })
    return { provide: { i18n } }
  },
})
