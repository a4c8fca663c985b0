/** Which of a text's forms, divided by `|`, goes with a number: all six of Arabic's, or one for every number. */
const plurals = new Intl.PluralRules('ar')
const forms: Intl.LDMLPluralRule[] = ['zero', 'one', 'two', 'few', 'many', 'other']

// No fallback, which would load English besides: tests/policy/texts.test.ts sees to it that no text is missing.
export default defineI18nConfig(() => ({
  fallbackLocale: false as const,
  missingWarn: import.meta.dev,
  pluralRules: {
    ar: (count: number, given: number) => (given === forms.length ? forms.indexOf(plurals.select(count)) : 0),
  },
}))
