/** The languages of the interface and of mails. */
export const languages = ['en', 'ar'] as const
export type Language = (typeof languages)[number]

/**
 * Their names for Intl. Western digits in both, because other texts beside them, such as employee numbers, use them
 * too.
 */
export const languageTags: Record<Language, string> = { en: 'en-GB', ar: 'ar-u-nu-latn' }

/** Formats an ISO time as a day such as `24 Nov 2026`; empty for null. A day stays that day in every time zone. */
export function formatDay(time: string | null | undefined, language: Language, timeZone = 'UTC'): string {
  if (!time) return ''
  const zone = time.length === 'YYYY-MM-DD'.length ? 'UTC' : timeZone
  return formatter(language, { ...dayParts, timeZone: zone }).format(new Date(time))
}

/** Formats an ISO time to the minute. */
export function formatMoment(time: string, language: Language, timeZone: string): string {
  return formatter(language, {
    ...dayParts,
    hour: language === 'en' ? '2-digit' : 'numeric',
    minute: '2-digit',
    timeZone,
  }).format(new Date(time))
}

/** Formats a number with the language's separators. */
export function formatNumber(value: number, language: Language): string {
  return numbers[language].format(value)
}

// Not `dateStyle`: in Arabic it gives 24/11/2026, whose order is ambiguous with other formats.
const dayParts = { day: 'numeric', month: 'short', year: 'numeric' } as const

// Creating a formatter takes longer than using it a hundred times.
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
