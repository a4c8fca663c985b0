/** How many forms on the page hold something that is not saved. */
export function useUnsavedForms() {
  return useState<number>('unsaved-forms', () => 0)
}

/**
 * Watches over what is typed into a form: while it differs from what was there, plugins/unsaved.client.ts asks
 * before the page is left, and a session that ends asks for the password instead of leaving.
 * @param state the form's reactive state
 * @returns `markSaved`, to be called once the state is what the server has
 */
export function useUnsaved(state: object) {
  const forms = useUnsavedForms()
  const saved = ref(JSON.stringify(state))
  const isDirty = computed(() => JSON.stringify(state) !== saved.value)
  const count = (is: boolean) => (forms.value += is ? 1 : -1)

  watch(isDirty, count, { flush: 'sync' })
  onBeforeUnmount(() => {
    if (isDirty.value) count(false)
  })

  function markSaved() {
    saved.value = JSON.stringify(state)
  }

  return { isDirty, markSaved }
}
