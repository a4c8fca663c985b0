import { stringify } from 'csv-stringify/sync'
import { safeCell } from '#shared/table/csv.ts'

/** Lines of a CSV file (RFC 4180), without cells that a spreadsheet would evaluate. */
export function csvLines(rows: (string | boolean | Date | null)[][]): string {
  return stringify(
    rows.map(row => row.map(toCell)),
    { record_delimiter: '\r\n' },
  )
}

function toCell(value: string | boolean | Date | null): string {
  if (value instanceof Date) return value.toISOString()
  return safeCell(String(value ?? ''))
}
