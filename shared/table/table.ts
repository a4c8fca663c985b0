import type { TableRecord } from './records.ts'
import { readRecords } from './records.ts'

/** A table in a text file: its header, and what follows. */
export interface Table {
  header: string[]
  /** The row of the header, as a spreadsheet numbers it. */
  row: number
  delimiter: string
  /** The records after the header, read one by one. Records without any text are left out. */
  rows(): Generator<TableRow>
}

export interface TableRow extends TableRecord {
  /** As a spreadsheet numbers it. */
  row: number
}

const delimiters = [',', ';', '\t', '|']

/** The header is among the first lines, below titles and notes of the program that wrote the file. */
const headerLimit = 20

/**
 * Finds the header of a table and the delimiter of its cells, which is the same in the whole file.
 * @param isHeader whether a record names the columns that are needed
 */
export function openTable(text: string, isHeader: (cells: string[]) => boolean): Table {
  const start = /^\s*sep=([^\r\n])\r?\n/i.exec(text)
  // Excel reads this line as an instruction and does not show it, so it is not counted either.
  const body = text.slice(start?.[0].length ?? 0)
  const candidates = (start ? [start[1]!] : delimiters).map(delimiter => headerOf(body, delimiter, isHeader))
  const { row, cells, delimiter } = candidates.reduce((best, candidate) =>
    isBetter(candidate, best) ? candidate : best,
  )
  return {
    header: cells.map(cell => cell.trim()),
    row,
    delimiter,
    *rows() {
      for (const record of numbered(body, delimiter)) if (record.row > row && isFilled(record)) yield record
    },
  }
}

interface Header {
  row: number
  cells: string[]
  delimiter: string
  isSure: boolean
}

function headerOf(text: string, delimiter: string, isHeader: (cells: string[]) => boolean): Header {
  const first: TableRow[] = []
  for (const record of numbered(text, delimiter)) {
    if (isFilled(record)) first.push(record)
    if (first.length === headerLimit) break
  }
  const sure = first.find(({ cells }) => isHeader(cells))
  const { row, cells } = sure ?? first.find(isLikelyHeader) ?? first[0] ?? { row: 1, cells: [] }
  return { row, cells, delimiter, isSure: sure !== undefined }
}

function isBetter(a: Header, b: Header): boolean {
  return a.isSure === b.isSure ? a.cells.length > b.cells.length : a.isSure
}

// PowerShell writes a line `#TYPE …` above the header, reports a title in one cell.
function isLikelyHeader({ cells }: TableRow): boolean {
  return cells.filter(cell => cell.trim() !== '').length > 1 && !cells[0]!.startsWith('#')
}

function* numbered(text: string, delimiter: string): Generator<TableRow> {
  let row = 1
  for (const record of readRecords(text, delimiter)) yield { ...record, row: row++ }
}

function isFilled({ cells }: TableRecord): boolean {
  return cells.some(cell => cell.trim() !== '')
}
