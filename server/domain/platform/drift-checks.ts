import type { Drift } from '#server/database/migrations/drift.ts'
import { findDrift } from '#server/database/migrations/drift.ts'
import type { Migration } from '#server/database/migrations/files.ts'
import type { App } from '#server/domain/context.ts'
import { counted } from '#server/domain/lib/counted.ts'
import type { Check } from './check.ts'

/** More lines would not be read. */
const shown = 100

/** Columns, constraints and indexes that were created, changed or dropped by hand. */
export async function checkDrift({ database }: App, migrations: Migration[]): Promise<Check> {
  const { compared, drifts } = await findDrift(database, migrations)
  const rest = drifts.length - shown
  return {
    name: 'drift',
    found: `${counted(compared, 'schema')} compared with the migrations`,
    problems: [
      ...drifts.slice(0, shown).map(describe),
      ...(rest > 0 ? [`And ${counted(rest, 'other difference')}.`] : []),
    ],
  }
}

function describe(drift: Drift): string {
  const { subdomain, schema, table, kind, name, expected, found } = drift
  const owner = subdomain ?? 'A spare'
  const path = kind === 'column' ? `${schema}.${table}.${name}` : `${schema}.${name}`
  const of = kind === 'column' ? '' : ` of ${table}`
  if (expected === null)
    return `${owner} has an unknown ${kind}: ${path}${of}. If you do not need it, run: ${statementFor.drop[kind](drift)}`
  const create = statementFor.create[kind](drift)
  if (found === null) return `${owner} lacks the ${kind} ${path}${of}. Run: ${create}`
  const difference = `${owner} has another ${kind} ${path}${of}: ${found}, in place of ${expected}.`
  return kind === 'column'
    ? `${difference} Undo it with: alter table ${schema}.${table} alter column ${name}`
    : `${difference} Run: ${statementFor.drop[kind](drift)}; ${create}`
}

const statementFor: Record<'create' | 'drop', Record<Drift['kind'], (drift: Drift) => string>> = {
  create: {
    column: ({ schema, table, name, expected }) => `alter table ${schema}.${table} add column ${name} ${expected}`,
    constraint: ({ schema, table, name, expected }) =>
      `alter table ${schema}.${table} add constraint ${name} ${expected!.replace(/ REFERENCES /, ` REFERENCES ${schema}.`)}`,
    index: ({ schema, expected }) => expected!.replace(/ ON /, ` ON ${schema}.`),
  },
  drop: {
    column: ({ schema, table, name }) => `alter table ${schema}.${table} drop column ${name}`,
    constraint: ({ schema, table, name }) => `alter table ${schema}.${table} drop constraint ${name}`,
    index: ({ schema, name }) => `drop index ${schema}.${name}`,
  },
}
