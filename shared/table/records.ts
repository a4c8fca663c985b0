/** One record of a CSV text (RFC 4180). */
export interface TableRecord {
  cells: string[]
  /** Whether a quotation mark is where none may be. Then the record is one line, split at each delimiter. */
  isFaulty: boolean
}

/** In characters. Without a limit, each missing quotation mark would read the rest of the file. */
const quotedCellLimit = 10_000

/**
 * Reads a CSV text record by record. A record with a stray quotation mark ends with its line, so that it does not
 * affect those that follow.
 */
export function* readRecords(text: string, delimiter: string): Generator<TableRecord> {
  for (let start = 0; start < text.length;) {
    const record = readRecord(text, start, delimiter)
    const { cells, end } = record ?? readLine(text, start, delimiter)
    yield { cells, isFaulty: record === undefined }
    start = afterLineBreak(text, end)
  }
}

/** @returns nothing for a faulty record */
function readRecord(text: string, start: number, delimiter: string): { cells: string[]; end: number } | undefined {
  const cells: string[] = []
  for (let at = start; ; at++) {
    const cell = readCell(text, at, delimiter)
    if (!cell) return undefined
    cells.push(cell.value)
    at = cell.end
    if (text[at] !== delimiter) return isEnd(text[at]) ? { cells, end: at } : undefined
  }
}

interface Cell {
  value: string
  /** Where the cell ends, at a delimiter, a line break or the end of the text. */
  end: number
}

function readCell(text: string, start: number, delimiter: string): Cell | undefined {
  const opening = skipSpaces(text, start)
  if (text[opening] === '"') return readQuoted(text, opening + 1)
  let end = start
  while (!isEnd(text[end]) && text[end] !== delimiter) end++
  const value = text.slice(start, end)
  return value.includes('"') ? undefined : { value, end }
}

function readQuoted(text: string, start: number): Cell | undefined {
  let value = ''
  for (let from = start; ;) {
    const quote = text.indexOf('"', from)
    if (quote < 0 || quote - start > quotedCellLimit) return undefined
    value += text.slice(from, quote)
    if (text[quote + 1] !== '"') return { value, end: skipSpaces(text, quote + 1) }
    value += '"'
    from = quote + 2
  }
}

function skipSpaces(text: string, start: number): number {
  let at = start
  while (text[at] === ' ') at++
  return at
}

function isEnd(character: string | undefined): boolean {
  return character === undefined || character === '\n' || character === '\r'
}

function readLine(text: string, start: number, delimiter: string): { cells: string[]; end: number } {
  let end = start
  while (!isEnd(text[end])) end++
  return { cells: text.slice(start, end).split(delimiter), end }
}

function afterLineBreak(text: string, end: number): number {
  return end + (text.startsWith('\r\n', end) ? 2 : 1)
}
