/** Asks before a page is left on which something is typed and not saved. */
export default defineNuxtPlugin(() => {
  const forms = useUnsavedForms()
  const session = useSessionStore()
  const { confirm } = useConfirm()

  useRouter().beforeEach(async (to, from) => {
    if (to.path === from.path || forms.value === 0 || !session.user) return true
    return confirm({
      title: 'Leave without saving?',
      text: 'What you have changed on this page is not saved and will be lost.',
      action: 'Leave the page',
      isDangerous: true,
    })
  })

  window.addEventListener('beforeunload', (event) => {
    if (forms.value > 0 && session.user) event.preventDefault()
  })
})
