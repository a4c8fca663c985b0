import type { ImportReport } from '#shared/answers/users'
import { plainCell } from '#shared/table/csv'
import type { PeopleField } from '#shared/table/people-columns'
import type { TableRow } from '#shared/table/table'
import { strayQuoteText, tooManyCellsText } from '#shared/table/texts'

/** One row of the file, as planned or as done. */
export interface ImportLine {
  /** As numbered in the whole file. */
  row: number
  email: string
  outcome: 'create' | 'change' | 'unchanged' | 'error'
  fields: ImportReport['changes'][number]['fields']
  /** The errors, by field. */
  errors: { field: string; message: string }[]
}

/** A column of the file, and which field it is imported as. */
export interface ImportColumn {
  name: string
  /** The first text in it. */
  example: string
  field: PeopleField | null
}

/** @returns the rows that can be sent, and those that are no row of this table */
export function partition(rows: TableRow[], width: number): [TableRow[], TableRow[]] {
  const isSound = ({ isFaulty, cells }: TableRow) => !isFaulty && !cells.slice(width).some(cell => cell.trim() !== '')
  return [rows.filter(isSound), rows.filter(row => !isSound(row))]
}

export function faultyLine(columns: ImportColumn[], row: TableRow): ImportLine {
  const message = row.isFaulty ? strayQuoteText : tooManyCellsText
  return { ...lineOf(columns, row), outcome: 'error', errors: [{ field: 'row', message }] }
}

/** @param rows those that the report is about */
export function linesOf(columns: ImportColumn[], { changes, errors }: ImportReport, rows: TableRow[]): ImportLine[] {
  const changeAt = new Map(changes.map(change => [change.row, change]))
  const errorsAt = Map.groupBy(errors, error => error.row)
  return rows.map(row => {
    const change = changeAt.get(row.row)
    const faults = errorsAt.get(row.row) ?? []
    const line = lineOf(columns, row)
    return {
      ...line,
      email: change?.email ?? line.email,
      outcome: faults.length > 0 ? 'error' : (change?.action ?? 'unchanged'),
      fields: change?.fields ?? {},
      errors: faults.map(({ field, message }) => ({ field, message })),
    }
  })
}

function lineOf(columns: ImportColumn[], { row, cells }: TableRow): ImportLine {
  const at = columns.findIndex(({ field }) => field === 'email')
  return { row, email: plainCell(cells[at] ?? '').trim(), outcome: 'unchanged', fields: {}, errors: [] }
}

export function inOrder(lines: ImportLine[]): ImportLine[] {
  return lines.sort((a, b) => a.row - b.row)
}
