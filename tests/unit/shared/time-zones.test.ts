import { describe, expect, test } from 'vitest'
import { endOfDay, isTimeZone, startOfDay } from '#shared/time-zones.ts'

describe('a day of a time zone', () => {
  test.each([
    ['2026-11-29', 'UTC', '2026-11-29T00:00:00.000Z', '2026-11-29T23:59:59.999Z'],
    ['2026-11-29', 'Pacific/Auckland', '2026-11-28T11:00:00.000Z', '2026-11-29T10:59:59.999Z'],
    ['2026-11-29', 'America/Los_Angeles', '2026-11-29T08:00:00.000Z', '2026-11-30T07:59:59.999Z'],
    ['2026-11-29', 'Asia/Kathmandu', '2026-11-28T18:15:00.000Z', '2026-11-29T18:14:59.999Z'],
    // The clocks go forward and back: days of 23 and 25 hours.
    ['2026-03-29', 'Europe/Berlin', '2026-03-28T23:00:00.000Z', '2026-03-29T21:59:59.999Z'],
    ['2026-10-25', 'Europe/Berlin', '2026-10-24T22:00:00.000Z', '2026-10-25T22:59:59.999Z'],
  ])('%s in %s', (day, zone, start, end) => {
    expect(startOfDay(day, zone).toISOString()).toBe(start)
    expect(endOfDay(day, zone).toISOString()).toBe(end)
  })
})

test('a time zone is known by its name', () => {
  expect(['Europe/Berlin', 'UTC', 'Asia/Kolkata'].every(isTimeZone)).toBe(true)
  expect(['', 'Mars/Olympus', 'x'.repeat(100), '../etc'].some(isTimeZone)).toBe(false)
})
