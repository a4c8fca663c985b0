import type { Language } from '#shared/dates'
import type { Values } from '~~/i18n/fill'
import type { TextGroup } from '~~/i18n/groups'
import { fillText } from '~~/i18n/fill'
import { loadTexts, textsIn } from '~~/i18n/texts'

/** The texts of the interface in the language of the page. */
export function useI18n() {
  return useNuxtApp().$i18n
}

/** For plugins/i18n.ts. */
export function createI18n() {
  const locale = useState<Language>('language', () => 'en')
  const groups = new Set<TextGroup>(['everywhere'])

  /** The text, or the texts below a key such as `shell.sign_in`. */
  function at(key: string) {
    let found: ReturnType<typeof textsIn> | string | undefined = textsIn(locale.value)
    for (const name of key.split('.')) found = typeof found === 'object' ? found[name] : undefined
    return found
  }

  /** Whether there is a text. */
  function te(key: string): boolean {
    return typeof at(key) === 'string'
  }

  /** A text with its values; a missing one is shown as its key. */
  function t(key: string, values?: Values, count?: number): string {
    const text = at(key)
    return typeof text === 'string' ? fill(text, values, count) : key
  }

  function fill(text: string, values?: Values, count?: number): string {
    return fillText(text, locale.value, values, count)
  }

  /** Loads groups of texts, now and in each language that is chosen later. */
  async function load(more: readonly TextGroup[]): Promise<void> {
    for (const group of more) groups.add(group)
    await setLocale(locale.value)
  }

  /** @throws if the browser cannot load the language's texts; then the language stays */
  async function setLocale(language: Language): Promise<void> {
    await Promise.all([...groups].map(group => loadTexts(language, group)))
    locale.value = language
  }

  return { locale, groups, at, te, t, fill, load, setLocale }
}
