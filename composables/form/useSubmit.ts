import { ApiFailure } from '#shared/api-failure'
import type { FormName } from '#shared/forms'
import type { FormFields } from './useFormField'

/** What a SubmitForm needs of useSubmit. */
export interface FormActions<Input> {
  fields: FormFields
  submit(input: Input): Promise<void>
  showInvalid(issues: readonly Issue[]): Promise<void>
  /** Clears the error of a field. */
  forget(field: string): void
  /** Clears the error of the field in which somebody types. */
  forgetTyped(event: Event): void
}

/** What a schema has found. */
interface Issue {
  path: readonly PropertyKey[]
  message: string
}

/**
 * Submits a SubmitForm, which takes the `form` that this returns. Errors of the schema or the server are shown at
 * their fields, in the page's language, and all others in `alert`. The first wrong field gets the focus. A change of a
 * field's value clears its error.
 * @param action does the work with the parsed input; only an ApiFailure is handled here
 * @param explain returns another text for a failure where the server's would not help
 * @param name of a form that also works without scripts: then the server's answer is shown in the same way
 */
export function useSubmit<Input>(
  action: (input: Input) => Promise<unknown>,
  explain?: (failure: ApiFailure) => string | undefined,
  name?: FormName,
) {
  const { alert, fields, forget, forgetTyped, showFailure, showInvalid } = useFormErrors(
    explain,
    failureOf(useFormAnswer(name)),
  )
  const pending = ref(false)

  async function submit(input: Input) {
    if (pending.value) return
    pending.value = true
    alert.value = ''
    fields.errors.value = {}
    try {
      await action(input)
    } catch (error) {
      if (!(error instanceof ApiFailure)) throw error
      await showFailure(error)
    } finally {
      pending.value = false
    }
  }

  const form: FormActions<Input> = { fields, submit, showInvalid, forget, forgetTyped }
  return { form, alert, pending }
}

function useFormErrors(explain?: (failure: ApiFailure) => string | undefined, first?: ApiFailure) {
  const { fields, show, forget, forgetTyped } = useFieldErrors()
  const inOwnWords = useServerText()
  const textsOf = ({ fieldErrors }: ApiFailure) =>
    Object.fromEntries(Object.entries(fieldErrors).map(([name, texts]) => [name, texts.map(inOwnWords).join(' ')]))
  const textOf = (failure: ApiFailure) => Object.values(textsOf(failure)).join(' ') || inOwnWords(failure.message)
  const alert = ref(first ? (explain?.(first) ?? textOf(first)) : '')

  async function showFailure(failure: ApiFailure) {
    const errors = textsOf(failure)
    const elsewhere = await show(errors)
    const isAtFields = Object.keys(errors).length > 0
    alert.value = explain?.(failure) ?? (elsewhere || (isAtFields ? '' : inOwnWords(failure.message)))
  }

  /** Shows errors that the schema found before anything was sent. */
  async function showInvalid(issues: readonly Issue[]) {
    const errors: Record<string, string> = {}
    // The first of each field. An error in one entry of a list is shown at the list's field.
    for (const { path, message } of issues) errors[String(path[0] ?? '')] ??= inOwnWords(message)
    alert.value = await show(errors)
  }

  return { alert, fields, forget, forgetTyped, showFailure, showInvalid }
}

/** The errors at the fields of a form; a change of a field's value clears its own. */
function useFieldErrors() {
  const fields: FormFields = { errors: shallowRef({}), ids: new Map() }

  /**
   * Shows errors by the names of their fields, and moves the focus to the first wrong field.
   * @returns the texts of those that no field shows
   */
  async function show(errors: Record<string, string>): Promise<string> {
    fields.errors.value = errors
    await nextTick()
    const wrong = [...fields.ids].find(([name]) => name in errors)
    if (wrong) document.getElementById(wrong[1])?.focus()
    const elsewhere = Object.entries(errors).filter(([name]) => !fields.ids.has(name))
    return elsewhere.map(([, text]) => text).join(' ')
  }

  function forget(field: string) {
    if (!(field in fields.errors.value)) return
    const { [field]: _, ...others } = fields.errors.value
    fields.errors.value = others
  }

  function forgetTyped({ target }: Event) {
    const { id, name } = target as HTMLInputElement
    const field = [...fields.ids].find(([known, its]) => its === id || known === name)?.[0]
    if (field) forget(field)
  }

  return { fields, show, forget, forgetTyped }
}
