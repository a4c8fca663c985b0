import { withoutDoubleStop } from '#shared/double-stop'

/** Chooses a text's plural form, of those separated by `|`: one of Arabic's six, or the only one. */
const plurals = new Intl.PluralRules('ar')
const forms: Intl.LDMLPluralRule[] = ['zero', 'one', 'two', 'few', 'many', 'other']

// No fallback, which would load the English texts too: tests/policy/texts.test.ts makes sure that no text is missing.
export default defineI18nConfig(() => ({
  fallbackLocale: false as const,
  missingWarn: import.meta.dev,
  pluralRules: {
    ar: (count: number, given: number) => (given === forms.length ? forms.indexOf(plurals.select(count)) : 0),
  },
  postTranslation: text => (typeof text === 'string' ? withoutDoubleStop(text) : text),
}))
