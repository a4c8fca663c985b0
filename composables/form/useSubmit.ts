import type { Form } from '@nuxt/ui'
import { ApiFailure } from '#shared/api-failure'

/**
 * Submits a UForm. Errors of the schema or the server are shown at their fields, in the page's language, and all
 * others in `alert`. The first wrong field gets the focus; typing clears its error. Bind `ref="form"`, `@submit`,
 * `@error`, `:validate-on="[]"`, and `:loading-auto="false"` (disabled fields would lose the focus).
 * @param action does the work with the parsed input; only an ApiFailure is handled here
 * @param explain returns another text for a failure where the server's would not help
 */
export function useSubmit<Input>(
  action: (input: Input) => Promise<unknown>,
  explain?: (failure: ApiFailure) => string | undefined,
) {
  const form = useTemplateRef<Form<never> & { $el: HTMLElement }>('form')
  const inOwnWords = useServerText()
  const alert = ref('')
  const pending = ref(false)
  watch(form, instance => instance?.$el.addEventListener('input', forget))

  function forget({ target }: Event) {
    const name = form.value?.getErrors().find(({ id }) => id === (target as Element).id)?.name
    if (name) form.value?.clear(name)
  }

  async function submit({ data }: { data: Input }) {
    if (pending.value) return
    pending.value = true
    alert.value = ''
    try {
      await action(data)
    } catch (error) {
      if (!(error instanceof ApiFailure)) throw error
      await show(error)
    } finally {
      pending.value = false
    }
  }

  async function show(failure: ApiFailure) {
    const errors = Object.entries(failure.fieldErrors).map(([name, texts]) => ({
      name,
      message: texts.map(inOwnWords).join(' '),
    }))
    form.value?.setErrors(errors)
    const atFields = form.value?.getErrors() ?? []
    const elsewhere = errors
      .filter(({ name }) => !atFields.some(shown => shown.name === name))
      .map(({ message }) => message)
    alert.value = explain?.(failure) ?? (elsewhere.join(' ') || (errors.length > 0 ? '' : inOwnWords(failure.message)))
    await focusFirst(atFields)
  }

  /** Shows errors that the schema found before anything was sent. */
  async function showInvalid({ errors }: { errors: readonly { name?: string; message: string }[] }) {
    // An error in one entry of a list is shown at the list's field.
    const found = errors.map(({ name, message }) => ({ name: name?.split('.')[0], message: inOwnWords(message) }))
    form.value?.setErrors(found)
    const atFields = form.value?.getErrors().filter(({ id }) => id) ?? []
    alert.value = found
      .filter(({ name }) => !atFields.some(shown => shown.name === name))
      .map(({ message }) => message)
      .join(' ')
    await focusFirst(atFields)
  }

  return { alert, pending, submit, showInvalid }
}

async function focusFirst(errors: readonly { id?: string }[]) {
  await nextTick()
  const id = errors.find(error => error.id)?.id
  if (id) document.getElementById(id)?.focus()
}
