import type { Form } from '@nuxt/ui'
import { ApiFailure } from '#shared/api-failure'

/**
 * Submits a UForm: what the schema or the server says of a field is shown at that field, in the page's language, the
 * rest in `alert`, and the first wrong field gets the focus; typing into it takes the complaint away. Bind
 * `ref="form"`, `@submit`, `@error`, `:validate-on="[]"`, and `:loading-auto="false"`, as disabling fields while
 * they are submitted would lose the focus.
 * @param action does the work with the parsed input; what it throws other than an ApiFailure is not handled here
 * @param explain gives another text for a failure where the server's own would not help
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

  /** For what the schema found, before anything was sent. */
  async function showInvalid({ errors }: { errors: readonly { name?: string; message: string }[] }) {
    // Where one entry of a list is wrong, so is the field that has the list.
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
