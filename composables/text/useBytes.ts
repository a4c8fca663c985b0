import type { Language } from '#shared/dates'
import { languageTags } from '#shared/dates'

/** Formats sizes in powers of 1,000. */
export function useBytes() {
  const { locale } = useI18n()
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const

  return (bytes: number): string => {
    const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)))
    return new Intl.NumberFormat(languageTags[locale.value as Language], {
      style: 'unit',
      unit: units[power],
      unitDisplay: 'short',
      maximumFractionDigits: power > 1 ? 1 : 0,
    }).format(bytes / 1000 ** power)
  }
}
