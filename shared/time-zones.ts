/** Whether a text names a time zone, such as `Pacific/Auckland`. */
export function isTimeZone(name: string): boolean {
  try {
    return name.length <= 60 && new Intl.DateTimeFormat('en', { timeZone: name }).format(0) !== ''
  } catch {
    return false
  }
}

/**
 * @param day such as `2026-11-24`
 * @returns when the day begins in the time zone
 */
export function startOfDay(day: string, timeZone: string): Date {
  const midnight = Date.parse(`${day}T00:00:00.000Z`)
  const guess = midnight - offsetAt(midnight, timeZone)
  // The offset may change between the two, as the clocks do.
  return new Date(midnight - offsetAt(guess, timeZone))
}

/** @returns the last millisecond of the day in the time zone */
export function endOfDay(day: string, timeZone: string): Date {
  const next = new Date(Date.parse(`${day}T00:00:00.000Z`) + 86_400_000).toISOString().slice(0, 10)
  return new Date(startOfDay(next, timeZone).getTime() - 1)
}

/** @returns how many milliseconds the time zone's clocks are ahead of UTC */
function offsetAt(time: number, timeZone: string): number {
  const options = { timeZone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric' } as const
  const clock = { hour: 'numeric', minute: 'numeric', second: 'numeric' } as const
  const parts = new Intl.DateTimeFormat('en', { ...options, ...clock }).formatToParts(time)
  const [year, month, day, hour, minute, second] = ['year', 'month', 'day', 'hour', 'minute', 'second'].map(type =>
    Number(parts.find(part => part.type === type)!.value),
  ) as [number, number, number, number, number, number]
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(time / 1000) * 1000
}
