/**
 * What spreadsheets interpret as the start of a formula, also as full-width characters, which some convert; OWASP,
 * "CSV Injection".
 */
const formula = /^'*[=+\-@\t\r\n\uFF1D\uFF0B\uFF0D\uFF20]/

/** Tells spreadsheets that a file is UTF-8. */
export const byteOrderMark = '\uFEFF'

/** Puts an apostrophe before a cell that a spreadsheet would evaluate. */
export function safeCell(text: string): string {
  return formula.test(text) ? `'${text}` : text
}

/** @returns the cell as it was before `safeCell` */
export function plainCell(cell: string): string {
  return cell.startsWith("'") && formula.test(cell) ? cell.slice(1) : cell
}

/** A whole CSV file (RFC 4180) for spreadsheets. */
export function csvFile(rows: string[][]): string {
  return byteOrderMark + csvLines(rows.map(row => row.map(safeCell)))
}

/** Lines of CSV for the server, with cells as they are. */
export function csvLines(rows: string[][]): string {
  return rows.map(row => `${row.map(quoted).join(',')}\r\n`).join('')
}

function quoted(cell: string): string {
  return /[",\r\n]|^ | $/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell
}
