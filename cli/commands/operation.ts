import { defineCommand } from 'citty'
import { desc, eq } from 'drizzle-orm'
import type { OperationRow } from '#server/domain/operations/operations.ts'
import { getOperation, operationColumns } from '#server/domain/operations/operations.ts'
import { notFound } from '#shared/errors.ts'
import type { OperationState } from '#shared/operations.ts'
import { operationStates } from '#shared/operations.ts'
import { uuidPattern } from '#shared/schemas/fields.ts'
import { defineTask, wholeNumber } from '../task.ts'

const list = defineTask({
  name: 'list',
  description: 'List background operations, newest first',
  args: {
    state: { type: 'enum', options: [...operationStates], description: 'Only operations in this state' },
    limit: { type: 'string', description: 'Maximum number of operations', default: '50' },
  },
  onlyLooks: true,
  async run({ app, args }) {
    const {
      db,
      tables: { operations },
    } = app.database.platform
    const rows = await db
      .select(operationColumns(operations))
      .from(operations)
      .where(args.state && eq(operations.state, args.state as OperationState))
      .orderBy(desc(operations.created))
      .limit(wholeNumber('limit', args.limit, 1, 10_000))
    return { json: rows.map(told), text: rows.map(lineOf).join('\n') || 'No operations.' }
  },
})

const show = defineTask({
  name: 'show',
  description: 'Show the progress or result of an operation',
  args: { id: { type: 'positional', description: 'ID of the operation', required: true } },
  onlyLooks: true,
  async run({ app, args }) {
    const operation = uuidPattern.test(args.id) ? await getOperation(app, args.id) : undefined
    if (!operation) throw notFound()
    return { json: told(operation), text: lineOf(operation) }
  },
})

export default defineCommand({
  meta: {
    name: 'operation',
    description: 'Show background operations: archive, restore, clone, delete, key rotation, migration',
  },
  subCommands: { list, show },
})

/** Without `input`, which may contain file names. */
function told({ input: _, ...operation }: OperationRow) {
  return operation
}

function lineOf({ id, kind, state, created, step, done, total, error }: OperationRow): string {
  const progress = state === 'running' && step ? `${step}${total > 0 ? ` ${done}/${total}` : ''}` : (error ?? '')
  return [id, kind.padEnd(8), state.padEnd(7), created.toISOString(), progress].join('  ').trimEnd()
}
