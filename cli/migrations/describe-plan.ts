import type { FleetPlan, PlannedMigration } from '#server/database/migrations/plan.ts'
import type { Report } from '../task.ts'

/** What a migration would do, for people and as JSON. */
export function describePlan(plan: FleetPlan): Report {
  const { target, tenants, largest, migrations } = plan
  const names = largest.map(({ subdomain, bytes }) => `${subdomain} (${size(bytes)})`)
  return {
    json: plan,
    text: [
      `${tenants} behind ${target}, ${migrations.length} migrations.`,
      ...(names.length > 0 ? [`The largest: ${names.join(', ')}.`] : []),
      ...migrations.flatMap(describeMigration),
    ].join('\n'),
  }
}

function describeMigration({ name, tenants, needs, is_concurrent, statements, tables }: PlannedMigration): string[] {
  const where = tenants === null ? 'the platform' : `${tenants} organisations`
  return [
    '',
    `${name}: ${where}${is_concurrent ? ', outside of a transaction' : ''}`,
    ...(needs === name ? ['  It breaks programs of the version before.'] : []),
    ...tables.map(table => `  ${table.name}: about ${table.rows} rows, ${size(table.bytes)}`),
    ...statements.map(({ text, lock }) => `  [${lock ?? 'no lock'}] ${text.replace(/\s+/g, ' ')}`),
  ]
}

function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log(bytes) / Math.log(1000)))
  return `${(bytes / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`
}
