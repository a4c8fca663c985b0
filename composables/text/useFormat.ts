import type { Language } from '#shared/dates'
import { formatDay, formatMoment, formatNumber } from '#shared/dates'

/** Formats dates, times and numbers in the user's language. */
export function useFormat() {
  const { locale } = useI18n()
  const language = computed(() => locale.value as Language)

  return {
    day: (time: string | null | undefined) => formatDay(time, language.value),
    moment: (time: string, timeZone?: string) => formatMoment(time, language.value, timeZone),
    number: (value: number) => formatNumber(value, language.value),
  }
}
