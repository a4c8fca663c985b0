/** Asks before the user leaves a page with unsaved input. */
export default defineNuxtPlugin(() => {
  const forms = useUnsavedForms()
  const session = useSessionStore()
  const { confirm } = useConfirm()
  const { $i18n } = useNuxtApp()

  useRouter().beforeEach(async (to, from) => {
    if (to.path === from.path || forms.value === 0 || !session.user) return true
    return confirm({
      title: $i18n.t('shell.leave.title'),
      text: $i18n.t('shell.leave.text'),
      action: $i18n.t('shell.leave.action'),
      isDangerous: true,
    })
  })

  window.addEventListener('beforeunload', event => {
    if (forms.value > 0 && session.user) event.preventDefault()
  })
})
