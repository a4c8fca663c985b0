import type { Language } from '#shared/dates'
import { formatDay, formatMoment, formatNumber } from '#shared/dates'

/** Formats dates, times and numbers in the user's language and time zone. */
export function useFormat() {
  const { locale } = useI18n()
  const language = computed(() => locale.value as Language)
  const zone = useTimeZone()

  return {
    day: (time: string | null | undefined) => formatDay(time, language.value, zone.value),
    moment: (time: string) => formatMoment(time, language.value, zone.value),
    number: (value: number) => formatNumber(value, language.value),
  }
}
