/** The document's language and direction. A plugin, because an error page is rendered without app.vue. */
export default defineNuxtPlugin(() => {
  const { localeProperties } = useNuxtApp().$i18n
  useHead({ htmlAttrs: { lang: () => localeProperties.value.code, dir: () => localeProperties.value.dir } })
})
