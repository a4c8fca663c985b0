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
  const api = useApi()
  const file = shallowRef<File>()
  const createDepartments = ref(false)
  const state = ref<'idle' | 'reading' | 'preview' | 'running' | 'done'>('idle')
  const failure = ref('')
  const preview = shallowRef<ImportLine[]>([])
  const results = shallowRef<ImportLine[]>([])
  const progress = reactive({ done: 0, total: 0 })
  let records: CsvRecord[] = []

  async function choose(chosen: File) {
    file.value = chosen
    await rehearse()
  }

  async function rehearse() {
    if (!file.value) return
    state.value = 'reading'
    results.value = []
    Object.assign(progress, { done: 0, total: 0 })
    const isKnown = await attempt(async () => {
      const report = await send(file.value!, true)
      records = splitCsv(await file.value!.text())
      const rows = filledRows(records)
      preview.value = linesOf(report, rows, rows, records)
    })
    state.value = isKnown ? 'preview' : 'idle'
  }

  /** Sends the remaining batches, without the rows that had an error in the preview. */
  async function run() {
    state.value = 'running'
    const sound = preview.value.filter(({ outcome }) => outcome !== 'error').map(({ row }) => row)
    progress.total = sound.length
    await attempt(async () => {
      while (progress.done < sound.length) {
        const rows = sound.slice(progress.done, progress.done + batchSize)
        const part = [records[0]!, ...rows.map(row => records[row - 1]!)].map(({ text }) =>
          /[\r\n]$/.test(text) ? text : `${text}\n`,
        )
        const report = await send(new Blob(part), false)
        results.value = [
          ...results.value,
          ...linesOf(
            report,
            rows,
            rows.map((_, at) => at + 2),
            records,
          ),
        ]
        progress.done += rows.length
      }
      results.value = [...results.value, ...preview.value.filter(({ outcome }) => outcome === 'error')].sort(
        (a, b) => a.row - b.row,
      )
      state.value = 'done'
    })
  }

  function send(content: Blob, dry_run: boolean) {
    const body = new Blob([content], { type: 'text/csv' })
    return api('users/import/', {
      method: 'POST',
      body,
      query: { dry_run, create_departments: createDepartments.value },
    })
  }

  async function attempt(work: () => Promise<void>): Promise<boolean> {
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

  function reset() {
    file.value = undefined
    failure.value = ''
    state.value = 'idle'
  }

  return { file, createDepartments, state, failure, preview, results, progress, choose, rehearse, run, reset }
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
    return {
      row,
      email: change?.email ?? plainCell(records[row - 1]!.cells[column] ?? '').trim(),
      outcome: faults.length > 0 ? 'error' : (change?.action ?? 'unchanged'),
      fields: change?.fields ?? {},
      errors: faults.map(({ field, message }) => ({ field, message })),
    }
  })
}
