import type { Form } from '@nuxt/ui'
import { ApiFailure } from '#shared/api-failure'

export type FormInstance = Form<never> & { $el: HTMLElement }

/** What a SubmitForm needs of useSubmit. */
export interface FormActions<Input> {
  attach(instance: FormInstance): void
  submit(event: { data: Input }): Promise<void>
  showInvalid(event: { errors: readonly { name?: string; message: string }[] }): Promise<void>
}

/**
 * Submits a SubmitForm, which takes the `form` that this returns. Errors of the schema or the server are shown at their fields, in the page's language, and all
 * others in `alert`. The first wrong field gets the focus; typing clears its error.
 * @param action does the work with the parsed input; only an ApiFailure is handled here
 * @param explain returns another text for a failure where the server's would not help
 */
export function useSubmit<Input>(
  action: (input: Input) => Promise<unknown>,
  explain?: (failure: ApiFailure) => string | undefined,
) {
  const instance = shallowRef<FormInstance>()
  const inOwnWords = useServerText()
  const alert = ref('')
  const pending = ref(false)

  function attach(mounted: FormInstance) {
    instance.value = mounted
    mounted.$el.addEventListener('input', forget)
  }

  function forget({ target }: Event) {
    const name = instance.value?.getErrors().find(({ id }) => id === (target as Element).id)?.name
    if (name) instance.value?.clear(name)
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
    instance.value?.setErrors(errors)
    const atFields = instance.value?.getErrors() ?? []
    const elsewhere = errors
      .filter(({ name }) => !atFields.some(shown => shown.name === name))
      .map(({ message }) => message)
    alert.value = explain?.(failure) ?? (elsewhere.join(' ') || (errors.length > 0 ? '' : inOwnWords(failure.message)))
    await focusFirst(atFields)
  }

  /** Shows errors that the schema found before anything was sent. */
  async function showInvalid({ errors }: Parameters<FormActions<Input>['showInvalid']>[0]) {
    // An error in one entry of a list is shown at the list's field.
    const found = errors.map(({ name, message }) => ({ name: name?.split('.')[0], message: inOwnWords(message) }))
    instance.value?.setErrors(found)
    const atFields = instance.value?.getErrors().filter(({ id }) => id) ?? []
    alert.value = found
      .filter(({ name }) => !atFields.some(shown => shown.name === name))
      .map(({ message }) => message)
      .join(' ')
    await focusFirst(atFields)
  }

  const form: FormActions<Input> = { attach, submit, showInvalid }
  return { form, alert, pending }
}

async function focusFirst(errors: readonly { id?: string }[]) {
  await nextTick()
  const id = errors.find(error => error.id)?.id
  if (id) document.getElementById(id)?.focus()
}
