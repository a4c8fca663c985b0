import { defineCommand } from 'citty'
import { asc } from 'drizzle-orm'
import type { App } from '#server/domain/context.ts'
import { fromSystem } from '#server/domain/context.ts'
import { approveSignup, refuseSignup, requireWaitingSignup } from '#server/domain/signups/decisions.ts'
import type { SignupRow } from '#server/domain/signups/signups.ts'
import { signupColumns } from '#server/domain/signups/signups.ts'
import { isInState, signupStates, signupStateOf } from '#server/domain/signups/state.ts'
import { uuidPattern } from '#shared/schemas/fields.ts'
import { refusalSchema } from '#shared/schemas/signups.ts'
import { validate } from '#shared/schemas/validate.ts'
import type { SignupState } from '#shared/answers/signups.ts'
import { linesOf } from '../table.ts'
import { defineTask, UsageError } from '../task.ts'

const signup = {
  type: 'positional',
  description: 'ID of the sign-up, or its requested subdomain',
  required: true,
} as const

const list = defineTask({
  name: 'list',
  description: 'List sign-ups of organisations',
  args: { state: { type: 'string', description: `Only sign-ups in this state: ${signupStates.join(', ')}` } },
  onlyLooks: true,
  async run({ app, args }) {
    const { state } = args
    if (state !== undefined && !isState(state)) throw new UsageError(`--state takes one of ${signupStates.join(', ')}`)
    const { signups } = app.database.platform.tables
    const rows = await app.database.platform.db
      .select(signupColumns(signups))
      .from(signups)
      .where(state && isInState(signups, state))
      .orderBy(asc(signups.created), asc(signups.id))
    return { json: rows.map(withState), text: linesOf(rows, cellsOf, 'No sign-ups.') }
  },
})

const approve = defineTask({
  name: 'approve',
  description: 'Approve a sign-up: create the organisation and email its first admin',
  args: { signup },
  async run({ app, migrations, args }) {
    const row = await approveSignup(app, migrations.tenant, await idOf(app, args.signup), fromSystem)
    return {
      json: withState(row),
      text: `${row.name} is ready at ${app.config.originOf(`${row.subdomain}.${app.config.baseDomain}`)}.`,
    }
  },
})

const refuse = defineTask({
  name: 'refuse',
  description: 'Reject a sign-up and notify the applicant by email',
  args: { signup, reason: { type: 'string', description: 'Reason, included in the email', default: '' } },
  async run({ app, args }) {
    const { reason } = validate(refusalSchema, { reason: args.reason })
    const row = await refuseSignup(app, await idOf(app, args.signup), reason, fromSystem)
    return { json: withState(row), text: `${row.name} was rejected.` }
  },
})

export default defineCommand({
  meta: { name: 'signup', description: 'Manage sign-ups of organisations' },
  subCommands: { list, approve, refuse },
})

function isState(text: string): text is SignupState {
  return (signupStates as readonly string[]).includes(text)
}

function cellsOf(row: SignupRow): string[] {
  return [row.id, signupStateOf(row).padEnd(11), row.subdomain.padEnd(24), row.email.padEnd(32), row.name]
}

function withState(row: SignupRow) {
  return { ...row, state: signupStateOf(row) }
}

async function idOf(app: App, given: string): Promise<string> {
  return uuidPattern.test(given) ? given : requireWaitingSignup(app, given)
}
