import type { FleetPlan, PlannedMigration } from '#server/database/migrations/plan.ts'
import { counted, countedAre } from '#server/domain/lib/counted.ts'
import type { Report } from '../task.ts'

/** What a migration would do, for people and as JSON. */
export function describePlan(plan: FleetPlan): Report {
  const { target, tenants, largest, migrations, breaking } = plan
  const names = largest.map(({ subdomain, bytes }) => `${subdomain} (${size(bytes)})`)
  return {
    json: plan,
    text: [
      `${countedAre(tenants, 'organisation')} behind ${target}: ${counted(migrations.length, 'migration')}.`,
      breaking.length === 0
        ? 'The version before works with all of this.'
        : `The version before does not work with ${breaking.join(', ')}: stop its processes before.`,
      ...(names.length > 0 ? [`The largest: ${names.join(', ')}.`] : []),
      ...migrations.flatMap(migration => describeMigration(migration, breaking)),
    ].join('\n'),
  }
}

function describeMigration(migration: PlannedMigration, breaking: string[]): string[] {
  const { name, tenants, is_concurrent, statements, tables } = migration
  const where = tenants === null ? 'the platform' : counted(tenants, 'organisation')
  return [
    '',
    `${name}: ${where}${is_concurrent ? ', outside of a transaction' : ''}`,
    ...(breaking.includes(name) ? ['  The version before does not work with it.'] : []),
    ...tables.map(
      ({ name, rows, bytes }) => `  ${name}: ${rows === null ? '' : `about ${counted(rows, 'row')}, `}${size(bytes)}`,
    ),
    ...statements.flatMap(({ text, lock }) => wrapped(`[${lock ?? 'no lock'}] ${text.replace(/\s+/g, ' ')}`)),
  ]
}

const usualWidth = 100

/** Lines that fit on a terminal, those after the first further in. */
function wrapped(text: string): string[] {
  const width = Math.max(40, process.stdout.columns ?? usualWidth)
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const line = lines.at(-1)
    if (line !== undefined && line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`
    else lines.push(`${line === undefined ? '  ' : '      '}${word}`)
  }
  return lines
}

function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log(bytes) / Math.log(1000)))
  return `${(bytes / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`
}
