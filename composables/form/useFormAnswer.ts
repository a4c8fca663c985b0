import type { FormAnswer, FormName } from '#shared/forms'
import { ApiFailure } from '#shared/api-failure'

/** @returns the answer to a form that was sent without scripts, on the page that follows, else undefined */
export function useFormAnswer(form: FormName | undefined): FormAnswer | undefined {
  const answer = useState<FormAnswer | null>('form-answer', () => null).value
  return answer && answer.form === form ? answer : undefined
}

/** @returns the failure that the answer is about, if it is one */
export function failureOf(answer: FormAnswer | undefined): ApiFailure | undefined {
  return answer && answer.status >= 400 ? new ApiFailure(answer.status, answer.body) : undefined
}

/** Puts what was typed into such a form back into its state. */
export function restoreTyped(form: FormName | undefined, state: object): void {
  const values = Object.entries(useFormAnswer(form)?.values ?? {})
  Object.assign(state, Object.fromEntries(values.filter(([field]) => field in state)))
}
