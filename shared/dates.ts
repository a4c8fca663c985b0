/** The languages of the interface and of mails. */
export const languages = ['en', 'ar'] as const
export type Language = (typeof languages)[number]

/**
 * By which Intl knows them. Western digits in both: what stands beside them, such as times in a log or an employee
 * number, has these too.
 */
export const languageTags: Record<Language, string> = { en: 'en-GB', ar: 'ar-u-nu-latn' }

/**
 * An ISO time as a day such as `24 Nov 2026`; empty for none. UTC, as the server does not know the reader's time
 * zone and both sides must agree.
 */
export function formatDay(time: string | null | undefined, language: Language): string {
  return time ? formatter(language, { ...dayParts, timeZone: 'UTC' }).format(new Date(time)) : ''
}

/** An ISO time to the minute; in the reader's own zone where none is given. */
export function formatMoment(time: string, language: Language, timeZone: string | undefined): string {
  return formatter(language, {
    ...dayParts,
    hour: language === 'en' ? '2-digit' : 'numeric',
    minute: '2-digit',
    timeZone,
  }).format(new Date(time))
}

/** A number with its language's separators. */
export function formatNumber(value: number, language: Language): string {
  return numbers[language].format(value)
}

// Not `dateStyle`: in Arabic that is 24/11/2026, which is read either way round.
const dayParts = { day: 'numeric', month: 'short', year: 'numeric' } as const

// Making one takes longer than using it a hundred times.
const numbers: Record<Language, Intl.NumberFormat> = {
  en: new Intl.NumberFormat(languageTags.en),
  ar: new Intl.NumberFormat(languageTags.ar),
}
const formatters = new Map<string, Intl.DateTimeFormat>()

function formatter(language: Language, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${language} ${options.hour} ${options.timeZone}`
  const known = formatters.get(key)
  if (known) return known
  const made = new Intl.DateTimeFormat(languageTags[language], options)
  formatters.set(key, made)
  return made
}
