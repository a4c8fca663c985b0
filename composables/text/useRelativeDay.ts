import type { Language } from '#shared/dates'
import { languageTags } from '#shared/dates'

const day = 86_400_000

/** Formats the distance to a date, such as "in 3 days"; "now" is the same on the server and in the browser. */
export function useRelativeDay() {
  const { locale } = useI18n()
  const now = useState<number>('now', () => Date.now())
  onMounted(() => (now.value = Date.now()))
  const formatter = computed(
    () => new Intl.RelativeTimeFormat(languageTags[locale.value as Language], { numeric: 'auto' }),
  )

  return (time: string): string => {
    const distance = new Date(time).getTime() - now.value
    return Math.abs(distance) < day
      ? formatter.value.format(Math.round(distance / 3_600_000), 'hour')
      : formatter.value.format(Math.round(distance / day), 'day')
  }
}
