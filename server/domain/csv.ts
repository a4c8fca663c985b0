import { stringify } from 'csv-stringify/sync'

// What a spreadsheet takes for the start of a formula, also in the full-width forms that some fold; OWASP, "CSV Injection".
const formula = /^'*[=+\-@\t\r\n\uFF1D\uFF0B\uFF0D\uFF20]/

/**
 * Lines of a CSV file (RFC 4180). A cell that a spreadsheet would run gets an apostrophe before it;
 * `plainCell` takes it off again.
 */
export function csvLines(rows: (string | boolean | Date | null)[][]): string {
  return stringify(rows.map(row => row.map(toCell)), { record_delimiter: '\r\n' })
}

/** @returns the cell as it was before `csvLines` */
export function plainCell(cell: string): string {
  return cell.startsWith('\'') && formula.test(cell) ? cell.slice(1) : cell
}

/** By this spreadsheets know that a file is UTF-8. */
export const byteOrderMark = '\uFEFF'

function toCell(value: string | boolean | Date | null): string {
  if (value instanceof Date) return value.toISOString()
  const text = String(value ?? '')
  return formula.test(text) ? `'${text}` : text
}
