import { ApiFailure } from '#shared/api-failure'
import { csvLines } from '#shared/table/csv'
import type { TextEncoding } from '#shared/table/encoding'
import { decodeText, NotText } from '#shared/table/encoding'
import type { PeopleField } from '#shared/table/people-columns'
import { AmbiguousColumn, assignColumns, isPeopleHeader } from '#shared/table/people-columns'
import type { Table, TableRow } from '#shared/table/table'
import { openTable } from '#shared/table/table'
import { workbookText } from '#shared/table/texts'
import type { ImportColumn, ImportLine } from './lines'
import { faultyLine, inOrder, linesOf, partition } from './lines'

// Small enough that each request ends well before its timeout, and that the progress bar moves.
const batchSize = 250

/**
 * Imports a file of people: first as a preview, then in batches. Only the columns that are imported are sent. After a
 * failure the remaining batches can be sent again; rows that are already imported do not change.
 */
export function usePeopleImport() {
  const current = newImport()
  return {
    ...current,
    choose: (file: File) => choose(current, file),
    /** Reads the file again in another encoding. */
    decodeAs: (encoding: TextEncoding) => read(current, encoding),
    rehearse: () => rehearse(current),
    run: () => run(current),
    reset: () => reset(current),
  }
}

type Import = ReturnType<typeof newImport>

function newImport() {
  return {
    api: useApi(),
    file: shallowRef<File>(),
    headerRow: ref(1),
    rows: shallowRef<TableRow[]>([]),
    columns: ref<ImportColumn[]>([]),
    /** Null for Unicode, about which nobody needs to be asked. */
    encoding: ref<TextEncoding | null>(null),
    createDepartments: ref(false),
    state: ref<'idle' | 'reading' | 'preview' | 'running' | 'done'>('idle'),
    failure: ref(''),
    preview: shallowRef<ImportLine[]>([]),
    results: shallowRef<ImportLine[]>([]),
    progress: reactive({ done: 0, total: 0 }),
  }
}

function choose(current: Import, file: File) {
  current.file.value = file
  return read(current)
}

async function read(current: Import, confirmed?: TextEncoding) {
  const { file, state, failure, encoding } = current
  state.value = 'reading'
  failure.value = ''
  try {
    const decoded = decodeText(new Uint8Array(await file.value!.arrayBuffer()), confirmed)
    encoding.value = decoded.isCertain && !confirmed ? null : decoded.encoding
    keepTable(current, openTable(decoded.text, isPeopleHeader))
  } catch (error) {
    if (!(error instanceof NotText)) throw error
    state.value = 'idle'
    failure.value = workbookText
    return
  }
  await rehearse(current)
}

function keepTable({ headerRow, rows, columns }: Import, table: Table) {
  headerRow.value = table.row
  rows.value = [...table.rows()]
  const fields = fieldsOf(table.header)
  columns.value = table.header.map((name, at) => {
    const example = rows.value.find(({ cells }) => cells[at]?.trim())?.cells[at] ?? ''
    return { name, example, field: fields[at]! }
  })
}

// If two columns have the same name, the user decides.
function fieldsOf(header: string[]): (PeopleField | null)[] {
  try {
    return assignColumns(header)
  } catch (error) {
    if (!(error instanceof AmbiguousColumn)) throw error
    return header.map(() => null)
  }
}

async function rehearse(current: Import) {
  const { state, preview, results, progress, columns, rows } = current
  results.value = []
  preview.value = []
  Object.assign(progress, { done: 0, total: 0 })
  if (!columns.value.some(({ field }) => field === 'email')) {
    state.value = 'preview'
    return
  }
  state.value = 'reading'
  const isKnown = await attempt(current, async () => {
    const [sound, faulty] = partition(rows.value, columns.value.length)
    const report = await send(current, sound, true)
    preview.value = inOrder([
      ...linesOf(columns.value, report, sound),
      ...faulty.map(row => faultyLine(columns.value, row)),
    ])
  })
  state.value = isKnown ? 'preview' : 'idle'
}

/** Sends the remaining batches, without the rows that had an error in the preview. */
async function run(current: Import) {
  const { state, preview, results, progress } = current
  state.value = 'running'
  const faulty = preview.value.filter(({ outcome }) => outcome === 'error')
  const skipped = new Set(faulty.map(({ row }) => row))
  const sound = current.rows.value.filter(({ row }) => !skipped.has(row))
  progress.total = sound.length
  await attempt(current, async () => {
    while (progress.done < sound.length) await sendBatch(current, sound.slice(progress.done, progress.done + batchSize))
    results.value = inOrder([...results.value, ...faulty])
    state.value = 'done'
  })
}

async function sendBatch(current: Import, rows: TableRow[]) {
  const { results, progress } = current
  const report = await send(current, rows, false)
  results.value = [...results.value, ...linesOf(current.columns.value, report, rows)]
  progress.done += rows.length
}

function send({ api, headerRow, columns, createDepartments }: Import, rows: TableRow[], dry_run: boolean) {
  const used = columns.value.flatMap(({ field }, at) => (field ? [{ field, at }] : []))
  const header = { row: headerRow.value, cells: used.map(({ field }) => field) }
  const records = rows.map(({ row, cells }) => ({ row, cells: used.map(({ at }) => cells[at] ?? '') }))
  return api('users/import/', {
    method: 'POST',
    body: new Blob([csvLines(atTheirRows([header, ...records]))], { type: 'text/csv' }),
    query: { dry_run, create_departments: createDepartments.value },
  })
}

/** With empty lines in between, so that the server numbers the rows as the file does. */
function atTheirRows(records: { row: number; cells: string[] }[]): string[][] {
  const lines: string[][] = []
  for (const { row, cells } of records) {
    while (lines.length < row - 1) lines.push([])
    lines.push(cells)
  }
  return lines
}

async function attempt({ failure }: Import, work: () => Promise<void>): Promise<boolean> {
  failure.value = ''
  try {
    await work()
    return true
  } catch (error) {
    if (!(error instanceof ApiFailure)) throw error
    failure.value = Object.values(error.fieldErrors).flat().join(' ') || error.message
    return false
  }
}

function reset({ file, failure, state }: Import) {
  file.value = undefined
  failure.value = ''
  state.value = 'idle'
}
