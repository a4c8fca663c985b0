/** The number of forms on the page with unsaved input. */
export function useUnsavedForms() {
  return useState<number>('unsaved-forms', () => 0)
}

/**
 * Tracks whether a form has unsaved input. While it has, plugins/unsaved.client.ts asks before the page is left, and
 * an expired session asks for the password instead of leaving the page.
 * @param state the form's reactive state
 * @returns `markSaved`, to call when the state equals the server's
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
