import { cpus } from 'node:os'
import type { Cores } from './cores.ts'
import { describeCores } from './cores.ts'
import { median } from './statistics.ts'

/** Prints what the figures depend on. */
export function printMachine(cores: Cores | undefined, rounds: number, seconds: number): void {
  const [{ model } = { model: 'unknown processor' }, ...rest] = cpus()
  print(`${rest.length + 1} × ${model.trim()}, Node.js ${process.versions.node}. ${describeCores(cores)}`)
  print(`${rounds} rounds of ${seconds} s. Figures are medians; in brackets, the least and the most of all rounds.`)
}

/** Prints a table in Markdown, with the first column on the left and numbers on the right. */
export function printTable(title: string, head: string[], rows: string[][]): void {
  const lines = [head, head.map((_, i) => (i === 0 ? '---' : '---:')), ...rows]
  print(`## ${title}\n\n${lines.map(cells => `| ${cells.join(' | ')} |`).join('\n')}`)
}

/** Tells on the terminal what is being done; not part of the report. */
export function tell(text: string): void {
  process.stderr.write(`${text}\n`)
}

/** @returns the median, and the range if there are several; `–` if a figure could not be read */
export function spread(numbers: number[], digits = 0): string {
  const [middle, least, most] = [median(numbers), Math.min(...numbers), Math.max(...numbers)].map(number =>
    format(number, digits),
  )
  return numbers.length === 1 || middle === '–' ? middle! : `${middle} (${least}–${most})`
}

/** @returns the number with commas; `–` for NaN */
export function format(number: number, digits = 0): string {
  if (!Number.isFinite(number)) return '–'
  return number.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })
}

function print(text: string): void {
  process.stdout.write(`${text}\n\n`)
}
