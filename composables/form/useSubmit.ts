import type { Form } from '@nuxt/ui'
import { ApiFailure } from '#shared/api-failure'
import type { FormName } from '#shared/forms'

export type FormInstance = Form<never> & { $el: HTMLElement }

/** What a SubmitForm needs of useSubmit. */
export interface FormActions<Input> {
  attach(instance: FormInstance): void
  submit(event: { data: Input }): Promise<void>
  showInvalid(event: { errors: readonly FieldError[] }): Promise<void>
}

/**
 * Submits a SubmitForm, which takes the `form` that this returns. Errors of the schema or the server are shown at
 * their fields, in the page's language, and all others in `alert`. The first wrong field gets the focus; typing clears
 * its error.
 * @param action does the work with the parsed input; only an ApiFailure is handled here
 * @param explain returns another text for a failure where the server's would not help
 * @param name of a form that also works without scripts: then the server's answer is shown in the same way
 */
export function useSubmit<Input>(
  action: (input: Input) => Promise<unknown>,
  explain?: (failure: ApiFailure) => string | undefined,
  name?: FormName,
) {
  const { alert, attach, showFailure, showInvalid } = useFormErrors(explain, failureOf(useFormAnswer(name)))
  const pending = ref(false)

  async function submit({ data }: { data: Input }) {
    if (pending.value) return
    pending.value = true
    alert.value = ''
    try {
      await action(data)
    } catch (error) {
      if (!(error instanceof ApiFailure)) throw error
      await showFailure(error)
    } finally {
      pending.value = false
    }
  }

  const form: FormActions<Input> = { attach, submit, showInvalid }
  return { form, alert, pending }
}

function useFormErrors(explain?: (failure: ApiFailure) => string | undefined, first?: ApiFailure) {
  const { attach, setErrors } = useFieldErrors()
  const inOwnWords = useServerText()
  const textOf = (failure: ApiFailure) =>
    Object.values(failure.fieldErrors).flat().map(inOwnWords).join(' ') || inOwnWords(failure.message)
  const alert = ref(first ? (explain?.(first) ?? textOf(first)) : '')

  async function showFailure(failure: ApiFailure) {
    const errors = Object.entries(failure.fieldErrors).map(([name, texts]) => ({
      name,
      message: texts.map(inOwnWords).join(' '),
    }))
    const atFields = setErrors(errors)
    const elsewhere = textsElsewhere(errors, atFields)
    alert.value = explain?.(failure) ?? (elsewhere || (errors.length > 0 ? '' : inOwnWords(failure.message)))
    await focusFirst(atFields)
  }

  /** Shows errors that the schema found before anything was sent. */
  async function showInvalid({ errors }: { errors: readonly FieldError[] }) {
    // An error in one entry of a list is shown at the list's field.
    const found = errors.map(({ name, message }) => ({ name: name?.split('.')[0], message: inOwnWords(message) }))
    const atFields = setErrors(found).filter(({ id }) => id)
    alert.value = textsElsewhere(found, atFields)
    await focusFirst(atFields)
  }

  return { alert, attach, showFailure, showInvalid }
}

interface FieldError {
  name?: string
  message: string
}

/**
 * Shows errors at the fields of the form; typing in a field clears its own.
 * @returns `setErrors`, which shows them and returns those that the form has taken
 */
function useFieldErrors() {
  const form = shallowRef<FormInstance>()

  function attach(instance: FormInstance) {
    form.value = instance
    instance.$el.addEventListener('input', forget)
  }

  function forget({ target }: Event) {
    const name = form.value?.getErrors().find(({ id }) => id === (target as Element).id)?.name
    if (name) form.value?.clear(name)
  }

  function setErrors(errors: FieldError[]) {
    form.value?.setErrors(errors)
    return form.value?.getErrors() ?? []
  }

  return { attach, setErrors }
}

/** The texts of the errors that no field shows. */
function textsElsewhere(errors: FieldError[], atFields: readonly { name?: string }[]): string {
  return errors
    .filter(({ name }) => !atFields.some(shown => shown.name === name))
    .map(({ message }) => message)
    .join(' ')
}

async function focusFirst(errors: readonly { id?: string }[]) {
  await nextTick()
  const id = errors.find(error => error.id)?.id
  if (id) document.getElementById(id)?.focus()
}
