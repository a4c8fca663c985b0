import { Readable } from 'node:stream'
import { parse } from 'csv-parse'
import { stringify } from 'csv-stringify/sync'
import { safeCell } from '#shared/csv.ts'

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

export interface CsvRow {
  cells: string[]
  /** The line of the text in which the row ends. */
  line: number
}

/** The text is not CSV, as of a line of it. */
export class CsvError extends Error {
  readonly line: number

  constructor(line: number) {
    super(`not CSV up to line ${line}`)
    this.line = line
  }
}

/** Small, so that others' requests come in between. */
const chunkSize = 8_192

/**
 * Reads a CSV text; rows may have more or fewer cells than the first.
 * @param options.delimiters each of them ends a cell
 * @param rest awaited between small pieces of the work
 * @throws CsvError
 */
export async function readCsv(
  text: string,
  { delimiters, skipEmptyLines = false }: { delimiters: string[]; skipEmptyLines?: boolean },
  rest: () => Promise<void> = async () => {},
): Promise<CsvRow[]> {
  const rows: CsvRow[] = []
  const parser = parse({
    bom: true,
    info: true,
    delimiter: delimiters,
    skip_empty_lines: skipEmptyLines,
    relax_column_count: true,
  })
  try {
    for await (const row of Readable.from(piecesOf(text, rest)).compose(parser)) {
      const { record, info } = row as { record: string[]; info: { lines: number } }
      rows.push({ cells: record, line: info.lines })
    }
    return rows
  } catch (error) {
    throw new CsvError((error as { lines?: number }).lines ?? 1)
  }
}

async function* piecesOf(text: string, rest: () => Promise<void>): AsyncGenerator<string> {
  for (let start = 0; start < text.length; start += chunkSize) {
    yield text.slice(start, start + chunkSize)
    await rest()
  }
}
