/** The viewer's time zone, in which pages show days and times; UTC until the browser has told it. */
export function useTimeZone() {
  return useState('time-zone', () => 'UTC')
}
