import { matchText } from '../list/matchText'

/**
 * What the API and the schemas say is English, word for word as Django says it; this says it in the page's language.
 * i18n/locales/ar/server.json has the texts, with the English one as the key. A text that is not there stays as it is.
 */
export function useServerText() {
  const { tm, rt } = useI18n()

  return (text: string): string => {
    const texts = tm('server') as Record<string, string>
    const found = matchText(Object.keys(texts), text)
    if (!found) return text
    const { n, ...values } = found.values
    const count = Number(n)
    return n === undefined
      ? rt(texts[found.pattern]!, values)
      : rt(texts[found.pattern]!, count, { named: { ...values, n: count } })
  }
}
