/** Asks before the user leaves a page with unsaved input. */
export default defineNuxtPlugin(() => {
  const forms = useUnsavedForms()
  const session = useSessionStore()
  const { confirm } = useConfirm()
  const { t } = useI18n()

  useRouter().beforeEach(async (to, from) => {
    if (to.path === from.path || forms.value === 0 || !session.user) return true
    return confirm({
      title: t('shell.leave.title'),
      text: t('shell.leave.text'),
      action: t('shell.leave.action'),
      isDangerous: true,
    })
  })

  window.addEventListener('beforeunload', event => {
    if (forms.value > 0 && session.user) event.preventDefault()
  })
})
