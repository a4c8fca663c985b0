/** Which of a text's forms, divided by `|`, goes with a number: all six of Arabic's, or one for every number. */
const plurals = new Intl.PluralRules('ar')
const forms: Intl.LDMLPluralRule[] = ['zero', 'one', 'two', 'few', 'many', 'other']

export default defineI18nConfig(() => ({
  fallbackLocale: 'en',
  missingWarn: import.meta.dev,
  fallbackWarn: import.meta.dev,
  pluralRules: { ar: (count: number, given: number) => given === forms.length ? forms.indexOf(plurals.select(count)) : 0 },
}))
