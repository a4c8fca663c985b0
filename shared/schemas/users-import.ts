import { z } from 'zod'
import { cleanIdentifier, email, identifier, text } from './fields.ts'

// Spreadsheets write TRUE and FALSE in the language of their user.
const yes = [
  ...['true', 'yes', '1', 'active', 'enabled', 'نشط', 'نعم'],
  ...['wahr', 'vrai', 'verdadero', 'vero', 'verdadeiro', 'waar', 'sant', 'sann', 'sand', 'tosi', 'prawda', 'pravda'],
  ...['igaz', 'doğru', 'истина', 'істина', 'cert', 'adevărat'],
]
const no = [
  ...['false', 'no', '0', 'inactive', 'deactivated', 'disabled', 'suspended', 'غير نشط', 'لا'],
  ...['falsch', 'faux', 'falso', 'onwaar', 'falskt', 'usann', 'falsk', 'epätosi', 'fałsz', 'nepravda', 'hamis'],
  ...['yanliş', 'yanlış', 'ложь', 'хибність', 'fals'],
]
const truths = new Map([...yes.map(word => [word, true] as const), ...no.map(word => [word, false] as const)])
const roles = new Map([
  ['admin', 'Admin'],
  ['staff', 'Staff'],
  ['مسؤول', 'Admin'],
  ['موظف', 'Staff'],
] as const)

/** One row of an import, with cells as texts. A missing column, or a blank role or is_active, changes nothing. */
export const importRowSchema = z.object({
  email: email(),
  first_name: text(150, { blank: true }).optional(),
  last_name: text(150, { blank: true }).optional(),
  employee_id: identifier(64, { blank: true })
    .transform(value => value || null)
    .optional(),
  department: identifier(150, { blank: true })
    .transform(value => value || null)
    .optional(),
  role: oneOf(roles, value => `"${value.slice(0, 100)}" is not a valid choice.`),
  is_active: oneOf(truths, () => 'Must be a valid boolean.'),
})

export type ImportCells = z.output<typeof importRowSchema>

function oneOf<Value>(values: ReadonlyMap<string, Value>, refusal: (value: string) => string) {
  return z
    .string()
    .transform(cleanIdentifier)
    .transform((value, context) => {
      if (value === '') return undefined
      const found = values.get(value.toLowerCase())
      if (found === undefined) context.addIssue(refusal(value))
      return found
    })
    .optional()
}
