import { ApiFailure } from '#shared/api-failure'
import type { CsvRecord } from '#shared/csv'
import { plainCell, splitCsv } from '#shared/csv'
import type { ImportReport } from '#shared/answers/users'

/** The result, or the preview, of one row of the file. */
export interface ImportLine {
  /** As a spreadsheet counts: the header is row 1. */
  row: number
  email: string
  outcome: 'create' | 'change' | 'unchanged' | 'error'
  fields: ImportReport['changes'][number]['fields']
  /** The errors, by field. */
  errors: { field: string; message: string }[]
}

// Small enough that each request ends well before its timeout, and that the progress bar moves.
const batchSize = 250

/**
 * Imports a file of people: first as a preview, then in batches. After a failure the remaining batches can be sent
 * again; rows that are already imported do not change.
 */
export function usePeopleImport() {
  const current = newImport()
  return {
    ...current,
    choose(file: File) {
      current.file.value = file
      return rehearse(current)
    },
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
    records: shallowRef<CsvRecord[]>([]),
    createDepartments: ref(false),
    state: ref<'idle' | 'reading' | 'preview' | 'running' | 'done'>('idle'),
    failure: ref(''),
    preview: shallowRef<ImportLine[]>([]),
    results: shallowRef<ImportLine[]>([]),
    progress: reactive({ done: 0, total: 0 }),
  }
}

async function rehearse(current: Import) {
  const file = current.file.value
  if (!file) return
  current.state.value = 'reading'
  current.results.value = []
  Object.assign(current.progress, { done: 0, total: 0 })
  const isKnown = await attempt(current, async () => {
    const report = await send(current, file, true)
    const records = splitCsv(await file.text())
    const rows = filledRows(records)
    current.records.value = records
    current.preview.value = linesOf(report, rows, rows, records)
  })
  current.state.value = isKnown ? 'preview' : 'idle'
}

/** Sends the remaining batches, without the rows that had an error in the preview. */
async function run(current: Import) {
  const { state, preview, results, progress } = current
  state.value = 'running'
  const faulty = preview.value.filter(({ outcome }) => outcome === 'error')
  const sound = preview.value.filter(({ outcome }) => outcome !== 'error').map(({ row }) => row)
  progress.total = sound.length
  await attempt(current, async () => {
    while (progress.done < sound.length) await sendBatch(current, sound.slice(progress.done, progress.done + batchSize))
    results.value = [...results.value, ...faulty].sort((a, b) => a.row - b.row)
    state.value = 'done'
  })
}

async function sendBatch(current: Import, rows: number[]) {
  const { records, results, progress } = current
  const part = [1, ...rows].map(row => records.value[row - 1]!.text)
  const lines = part.map(text => (/[\r\n]$/.test(text) ? text : `${text}\n`))
  const report = await send(current, new Blob(lines), false)
  const reported = rows.map((_, at) => at + 2)
  results.value = [...results.value, ...linesOf(report, rows, reported, records.value)]
  progress.done += rows.length
}

function send({ api, createDepartments }: Import, content: Blob, dry_run: boolean) {
  return api('users/import/', {
    method: 'POST',
    body: new Blob([content], { type: 'text/csv' }),
    query: { dry_run, create_departments: createDepartments.value },
  })
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

/** Row numbers of all records except the header and empty lines. */
function filledRows(records: CsvRecord[]): number[] {
  return records.flatMap(({ cells }, at) => (at > 0 && cells.some(cell => cell.trim() !== '') ? [at + 1] : []))
}

/**
 * @param rows as numbered in the whole file
 * @param reported the same rows as numbered in the report, which may cover a part of the file
 */
function linesOf(
  { changes, errors }: ImportReport,
  rows: number[],
  reported: number[],
  records: CsvRecord[],
): ImportLine[] {
  const column = records[0]?.cells.findIndex(name => name.trim().toLowerCase() === 'email') ?? -1
  const changeAt = new Map(changes.map(change => [change.row, change]))
  const errorsAt = Map.groupBy(errors, error => error.row)
  return rows.map((row, at) => {
    const change = changeAt.get(reported[at]!)
    const faults = errorsAt.get(reported[at]!) ?? []
    const given = plainCell(records[row - 1]!.cells[column] ?? '').trim()
    return {
      row,
      email: change?.email ?? given,
      outcome: faults.length > 0 ? 'error' : (change?.action ?? 'unchanged'),
      fields: change?.fields ?? {},
      errors: faults.map(({ field, message }) => ({ field, message })),
    }
  })
}
