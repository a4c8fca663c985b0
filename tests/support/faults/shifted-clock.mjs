/**
 * Loaded into a server of the tests before it starts: its wall clock differs from the machine's by the milliseconds in
 * the file CLOCK_FILE, which may change; CLOCK_FILE.seen says what it has noticed. Timers and performance.now() go on
 * as they do when a clock is set.
 */
import { readFileSync, writeFileSync } from 'node:fs'

const file = process.env.CLOCK_FILE
const RealDate = Date
let shift = 0

setInterval(() => {
  const now = Number(readFileSync(file, 'utf8'))
  if (now === shift) return
  shift = now
  writeFileSync(`${file}.seen`, String(now))
}, 20).unref()

globalThis.Date = class Date extends RealDate {
  constructor(...parts) {
    if (parts.length === 0) super(RealDate.now() + shift)
    else super(...parts)
  }

  static now() {
    return RealDate.now() + shift
  }
}
