/** Whoever has chosen a language has it on every device. Runs after auth.global.ts, which finds out who it is. */
export default defineNuxtRouteMiddleware(async () => {
  const { $i18n } = useNuxtApp()
  const language = useSessionStore().user?.language
  if (language && language !== $i18n.locale.value) await $i18n.setLocale(language)
})
