import { CsvError, readCsv } from '#server/domain/lib/csv.ts'
import { delimiterOf, plainCell } from '#shared/csv.ts'
import { invalid } from '#shared/errors.ts'
import { cleanIdentifier } from '#shared/schemas/fields.ts'
import type { ImportCells } from '#shared/schemas/users-import.ts'
import { importRowSchema } from '#shared/schemas/users-import.ts'

/** In bytes. */
export const importSizeLimit = 1_000_000

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

/**
 * Reads a list of users: a header with at least `email`, and a row for each user. The delimiter is a comma, semicolon
 * or tab.
 * @returns the valid rows, and the errors of the others
 * @param rest awaited between small pieces of the work
 * @throws ApiError 400 on `file` when it cannot be read at all
 */
export async function readImportRows(
  bytes: Buffer,
  rest: () => Promise<void>,
): Promise<{ rows: ImportRow[]; errors: RowError[] }> {
  const [header = [], ...records] = await parseCsv(decode(bytes), rest)
  const columns = readColumns(header)
  const filled = records
    .map((record, index) => ({ record, row: index + 2 }))
    .filter(({ record }) => record.some(cell => cell.trim() !== ''))
  if (filled.length > rowsLimit) throw unreadable('A file may have at most 5,000 rows.')
  const rows: ImportRow[] = []
  const errors: RowError[] = []
  for (const { record, row } of filled) {
    if (row % restEvery === 0) await rest()
    const read = readRow(columns, record, row)
    if (Array.isArray(read)) errors.push(...read)
    else rows.push(read)
  }
  return { rows, errors }
}

function readColumns(header: string[]): string[] {
  const columns = header.map(name => cleanIdentifier(name).toLowerCase().replaceAll(/[ -]+/g, '_'))
  if (!columns.includes('email'))
    throw unreadable('The first row must name the columns, and one of them must be email.')
  if (new Set(columns).size < columns.length) throw unreadable('Two columns have the same name.')
  return columns
}

/** @returns the row, or what is wrong with it */
function readRow(columns: string[], record: string[], row: number): ImportRow | RowError[] {
  const { data, error } = importRowSchema.safeParse(
    Object.fromEntries(columns.map((column, at) => [column, plainCell(record[at] ?? '')])),
  )
  if (record.slice(columns.length).some(cell => cell !== ''))
    return [{ row, field: 'row', message: 'This row has more cells than the header.' }]
  if (data) return { row, cells: data }
  return error.issues.map(issue => ({ row, field: String(issue.path[0]), message: issue.message }))
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw unreadable('The file is not UTF-8. In a spreadsheet, save it as "CSV UTF-8".')
  }
}

async function parseCsv(text: string, rest: () => Promise<void>): Promise<string[][]> {
  const rows = await readCsv(text, { delimiters: [delimiterOf(text)] }, rest).catch((error: unknown) => {
    throw error instanceof CsvError ? unreadable(`The file is not valid CSV, in line ${error.line} or before.`) : error
  })
  return rows.map(({ cells }) => cells)
}

function unreadable(message: string) {
  return invalid({ file: [message] })
}
