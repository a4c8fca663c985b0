import { matchText } from '../list/matchText'

/**
 * Translates a text of the API or the schemas, which are in English (Django's texts word for word), into the page's
 * language. i18n/locales/ar/server.json has the translations by English text. Unknown texts stay as they are.
 */
export function useServerText() {
  const { at, fill } = useI18n()
  const { number } = useFormat()

  return (text: string): string => {
    const texts = (at('server') ?? {}) as Record<string, string>
    const found = matchText(Object.keys(texts), text)
    if (!found) return text
    const { n, ...values } = found.values
    const count = Number(n)
    return n === undefined
      ? fill(texts[found.pattern]!, values)
      : fill(texts[found.pattern]!, { ...values, n: number(count) }, count)
  }
}
