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
  return byteOrderMark + rows.map(row => `${row.map(quoted).join(',')}\r\n`).join('')
}

function quoted(text: string): string {
  const cell = safeCell(text)
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell
}

/** The most frequent of the three delimiters in the first line. */
export function delimiterOf(text: string): string {
  const firstLine = text.split('\n', 1)[0]!
  return [',', ';', '\t'].reduce((best, candidate) =>
    firstLine.split(candidate).length > firstLine.split(best).length ? candidate : best,
  )
}

export interface CsvRecord {
  cells: string[]
  /** As in the file, with its line break. */
  text: string
}

/** Splits a file into records, for a preview and to send it in parts. The server decides whether it is valid CSV. */
export function splitCsv(text: string): CsvRecord[] {
  const delimiter = delimiterOf(text)
  const records: CsvRecord[] = []
  let cells: string[] = []
  let cell = ''
  let isQuoted = false
  let start = 0
  const endRecord = (end: number) => {
    records.push({ cells: [...cells, cell], text: text.slice(start, end) })
    cells = []
    cell = ''
    start = end
  }
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!
    const isDoubled = text[at + 1] === '"'
    if (isQuoted && character === '"') {
      if (isDoubled) cell += text[at++]
      else isQuoted = false
    } else if (isQuoted) cell += character
    else if (character === '"' && cell === '') isQuoted = true
    else if (character === delimiter) {
      cells.push(cell)
      cell = ''
    } else if (character === '\n' || (character === '\r' && text[at + 1] !== '\n')) endRecord(at + 1)
    else if (character !== '\r') cell += character
  }
  if (start < text.length) endRecord(text.length)
  return records
}
