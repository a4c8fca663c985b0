/** The document's language and direction; here, as an error page does without app.vue. */
export default defineNuxtPlugin(() => {
  const { localeProperties } = useNuxtApp().$i18n
  useHead({ htmlAttrs: { lang: () => localeProperties.value.code, dir: () => localeProperties.value.dir } })
})
