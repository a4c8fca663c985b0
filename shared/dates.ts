// The server does not know the reader's time zone, so days are UTC's everywhere and agree on both sides.
const day = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeZone: 'UTC' })

/** An ISO time as a day such as `24 Nov 2026`; empty for none. */
export function formatDay(time: string | null | undefined): string {
  return time ? day.format(new Date(time)) : ''
}
