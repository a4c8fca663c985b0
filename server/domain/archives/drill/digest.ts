import { createHash } from 'node:crypto'
import { linesOf } from '#server/domain/archives/entries.ts'

const time = /\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?[+-]\d\d(?::\d\d)?/g

/** A row in PostgreSQL's text format, with its times in UTC: the format has them in the time zone of the connection. */
export function normalized(line: string): string {
  return line.replaceAll(time, found => {
    const [whole, fraction = ''] = found.split('.')
    const digits = /^\d*/.exec(fraction)![0]
    const zone = /[+-]\d\d(?::\d\d)?$/.exec(found)![0]
    const seconds = fraction ? whole! : found.slice(0, -zone.length)
    const at = Date.parse(`${seconds.replace(' ', 'T')}${zone.length === 3 ? `${zone}:00` : zone}`)
    return `${new Date(at).toISOString().slice(0, 19)}.${digits.padEnd(6, '0')}`
  })
}

/** The checksum of rows in PostgreSQL's text format, whatever the time zone of the connection was. */
export async function digestOf(rows: AsyncIterable<Buffer>): Promise<string> {
  const hash = createHash('sha256')
  for await (const line of linesOf(rows)) hash.update(`${normalized(line)}\n`)
  return hash.digest('hex')
}

/** Whether a row, normalised, has a time that is later. */
export function hasTimeAfter(line: string, moment: Date): boolean {
  const limit = moment.toISOString().slice(0, 19)
  return [...line.matchAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d/g)].some(([found]) => found >= limit)
}
