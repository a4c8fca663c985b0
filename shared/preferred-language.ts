import type { Language } from './dates.ts'
import { languages } from './dates.ts'

interface Range {
  language: string
  weight: number
}

/**
 * The language of ours that an Accept-Language header prefers (RFC 9110, 12.5.4): by weight, then by order. A
 * language of weight 0 is not wanted; one that is not listed is better than that. If nothing else decides, it is the
 * first of ours.
 */
export function preferredLanguage(header: string): Language {
  const ranges = header.slice(0, 500).toLowerCase().split(',').map(parseRange)
  const wishes = languages.map(language => ({ ...wishFor(language, ranges), language }))
  return wishes.sort((a, b) => b.weight - a.weight || a.place - b.place)[0]!.language
}

function parseRange(text: string): Range {
  const [tag = '', ...parameters] = text.split(';').map(part => part.trim())
  const weight = parameters.length === 0 ? '1' : /^q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.exec(parameters.join(';'))?.[1]
  return { language: tag.split('-', 1)[0]!, weight: Number(weight ?? 0) }
}

// Lower than every weight that a header can have.
const notNamed = { weight: 0.0001, place: Infinity }

function wishFor(language: Language, ranges: Range[]): { weight: number; place: number } {
  const name = ranges.some(range => range.language === language) ? language : '*'
  return (
    ranges
      .map((range, place) => ({ ...range, place }))
      .filter(range => range.language === name)
      .sort((a, b) => b.weight - a.weight)[0] ?? notNamed
  )
}
