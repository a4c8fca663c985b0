import { decodeFile, readColumns } from '#server/domain/lib/people-file.ts'
import { plainCell } from '#shared/table/csv.ts'
import { invalid } from '#shared/errors.ts'
import type { ImportCells } from '#shared/schemas/users-import.ts'
import { importRowSchema } from '#shared/schemas/users-import.ts'
import type { TextEncoding } from '#shared/table/encoding.ts'
import type { PeopleField } from '#shared/table/people-columns.ts'
import { isPeopleHeader } from '#shared/table/people-columns.ts'
import type { Table, TableRow } from '#shared/table/table.ts'
import { openTable } from '#shared/table/table.ts'
import { strayQuoteText, tooManyCellsText } from '#shared/table/texts.ts'

const rowsLimit = 5_000

/** Rows after which others' requests come in between. */
const restEvery = 50

export interface ImportRow {
  /** The row number in a spreadsheet: the header is row 1. */
  row: number
  cells: ImportCells
}

export interface RowError {
  row: number
  field: string
  message: string
}

/** What a file contains. */
export interface ImportFile {
  /** The valid rows. */
  rows: ImportRow[]
  errors: RowError[]
  /** The names of the columns that are not imported. */
  ignored: string[]
  encoding: TextEncoding
}

/**
 * Reads a list of users: a header with at least an e-mail address, and a row for each user. A row that cannot be read
 * does not affect the others.
 * @param options.encoding of a file that is not Unicode, as confirmed by a person
 * @param options.isGuessed whether such a file may be read without a confirmation
 * @param rest awaited between small pieces of the work
 * @throws ApiError 400 on `file` when it cannot be read at all
 */
export async function readImportFile(
  bytes: Buffer,
  options: { encoding: TextEncoding | undefined; isGuessed: boolean },
  rest: () => Promise<void>,
): Promise<ImportFile> {
  const { text, encoding } = decodeFile(bytes, options)
  const table = openTable(text, isPeopleHeader)
  const { columns, ignored } = readColumns(table.header, 'file')
  return { ...(await readRows(table, columns, rest)), ignored, encoding }
}

async function readRows(
  table: Table,
  columns: (PeopleField | null)[],
  rest: () => Promise<void>,
): Promise<{ rows: ImportRow[]; errors: RowError[] }> {
  const rows: ImportRow[] = []
  const errors: RowError[] = []
  let count = 0
  for (const record of table.rows()) {
    if (++count > rowsLimit) throw invalid({ file: ['A file may have at most 5,000 rows.'] })
    if (count % restEvery === 0) await rest()
    const read = readRow(columns, record)
    if (Array.isArray(read)) errors.push(...read)
    else rows.push(read)
  }
  return { rows, errors }
}

/** @returns the row, or what is wrong with it */
function readRow(columns: (PeopleField | null)[], { cells, row, isFaulty }: TableRow): ImportRow | RowError[] {
  if (isFaulty) return [{ row, field: 'row', message: strayQuoteText }]
  if (cells.slice(columns.length).some(cell => cell.trim() !== ''))
    return [{ row, field: 'row', message: tooManyCellsText }]
  const given = columns.flatMap((column, at) => (column ? [[column, plainCell(cells[at] ?? '')] as const] : []))
  const { data, error } = importRowSchema.safeParse(Object.fromEntries(given))
  if (data) return { row, cells: data }
  return error.issues.map(issue => ({ row, field: String(issue.path[0]), message: issue.message }))
}
