import { csvFile } from '#shared/table/csv'

/** Saves a table as a CSV file in the browser. */
export function saveTable(name: string, rows: string[][]) {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([csvFile(rows)], { type: 'text/csv' }))
  link.download = name
  link.click()
  // Not at once: some browsers read the URL a moment later.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000)
}
