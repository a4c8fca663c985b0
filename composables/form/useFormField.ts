import type { InjectionKey } from 'vue'

/** What fields need of the form around them; useSubmit creates it. */
export interface FormFields {
  /** The text of each wrong field's error, by the field's name. */
  errors: Ref<Readonly<Record<string, string>>>
  /** The ids of the fields' inputs by name, in the order of the page. */
  ids: Map<string, string>
}

interface Field {
  id: string
  name: string
  error: ComputedRef<string | undefined>
  help: () => string | undefined
}

const formKey: InjectionKey<FormFields> = Symbol('form')
const fieldKey: InjectionKey<Field> = Symbol('field')

/** Makes the form known to the fields inside; called by SubmitForm. */
export function provideFormFields(fields: FormFields): void {
  provide(formKey, fields)
}

/** Makes a field known to its form and to the input inside; called by FormField. */
export function provideFormField(name: string, help: () => string | undefined): Field {
  const form = inject(formKey, undefined)
  const id = useId()
  form?.ids.set(name, id)
  onScopeDispose(() => form?.ids.delete(name))
  const field = { id, name, error: computed(() => form?.errors.value[name]), help }
  provide(fieldKey, field)
  return field
}

/** What an input takes over from the FormField around it: its id, its name, and who describes it. */
export function useFormField() {
  const field = inject(fieldKey, undefined)
  const ariaAttrs = computed(() => {
    if (!field) return {}
    const described = field.error.value ? 'error' : field.help() && 'help'
    return {
      'aria-invalid': Boolean(field.error.value),
      'aria-describedby': described && `${field.id}-${described}`,
    }
  })
  return { id: field?.id, name: field?.name, ariaAttrs }
}
