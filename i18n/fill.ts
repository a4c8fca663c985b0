import type { Language } from '#shared/dates.ts'
import { withoutDoubleStop } from '#shared/double-stop.ts'

export type Values = Record<string, unknown>

/**
 * Fills a text: `{name}` is replaced by that value. Of several plural forms, separated by `|`, the count chooses one.
 * English has `one | other` or `none | one | other`, Arabic all six forms.
 */
export function fillText(text: string, language: Language, values: Values = {}, count = 1): string {
  const forms = text.split('|')
  const form = forms.length === 1 ? text : forms[formOf(forms.length, language, count)]!.trim()
  return withoutDoubleStop(form.replaceAll(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? '')))
}

const arabic = new Intl.PluralRules('ar')
const arabicForms: Intl.LDMLPluralRule[] = ['zero', 'one', 'two', 'few', 'many', 'other']

function formOf(given: number, language: Language, count: number): number {
  if (language === 'ar') return given === arabicForms.length ? arabicForms.indexOf(arabic.select(count)) : 0
  if (given === 2) return count === 1 ? 0 : 1
  return Math.min(count, 2)
}
