import { defineCommand } from 'citty'
import { asc, eq } from 'drizzle-orm'
import { consoleRealm } from '#server/domain/auth-realm.ts'
import type { App } from '#server/domain/context.ts'
import { fromSystem } from '#server/domain/context.ts'
import { resetUserByEmail } from '#server/domain/factors/reset.ts'
import type { UserChange } from '#server/domain/users/change.ts'
import { changeUser } from '#server/domain/users/change.ts'
import { createOperator } from '#server/domain/users/operators.ts'
import type { UserRow } from '#server/domain/users/users.ts'
import { userColumns } from '#server/domain/users/users.ts'
import { notFound } from '#shared/errors.ts'
import { foldEmail } from '#shared/schemas/fields.ts'
import { operatorRoles } from '#shared/schemas/operators.ts'
import { userWithoutPasswordSchema } from '#shared/schemas/users.ts'
import { validate } from '#shared/schemas/validate.ts'
import type { Role } from '#shared/answers/users.ts'
import { describeReset } from '../reset.ts'
import { linesOf } from '../table.ts'
import { defineTask, readPassword } from '../task.ts'

const email = { type: 'positional', description: "The operator's email address", required: true } as const
const role = {
  type: 'enum' as const,
  options: [...operatorRoles] as Role[],
  description: 'Role: Admin (owner), Support or Staff (read-only)',
}

const create = defineTask({
  name: 'create',
  description: 'Create an operator of the platform',
  args: {
    'email': { type: 'string', description: 'Email address for sign-in', required: true },
    'role': { ...role, default: 'Admin' },
    'password-stdin': {
      type: 'boolean',
      description: 'Read the password from standard input instead of creating a link',
    },
  },
  async run({ app, args }) {
    const { email } = validate(userWithoutPasswordSchema, { email: args.email })
    const { user, url, password_link } = await createOperator(
      app,
      { email, role: args.role as Role, password: args['password-stdin'] ? await readPassword() : null },
      fromSystem,
    )
    return {
      json: { id: user.id, email: user.email, role: user.role, url, ...(password_link ? { password_link } : {}) },
      text: `${user.email} is an operator at ${url}.${password_link ? `\nLink to set a password (works once, expires in 7 days):\n${password_link}` : ''}`,
    }
  },
})

const list = defineTask({
  name: 'list',
  description: 'List operators',
  args: {},
  onlyLooks: true,
  async run({ app }) {
    const { users } = app.database.platform.tables
    const rows = await app.database.platform.db.select(userColumns(users)).from(users).orderBy(asc(users.email))
    return {
      json: rows.map(({ id, email, role, is_active, last_login }) => ({ id, email, role, is_active, last_login })),
      text: linesOf(rows, cellsOf, 'No operators yet.'),
    }
  },
})

function cellsOf({ email, role, is_active, last_login }: UserRow): string[] {
  const activity = is_active ? 'active  ' : 'inactive'
  return [email.padEnd(32), role.padEnd(8), activity, last_login?.toISOString() ?? 'never']
}

const setRole = defineTask({
  name: 'role',
  description: 'Change the role of an operator; at least one owner must remain',
  args: { email, role: { ...role, required: true } },
  run: ({ app, args }) => change(app, args.email, { role: args.role as Role }),
})

const reset = defineTask({
  name: 'reset-factors',
  description: 'Remove all second factors of an operator, and sign them out',
  args: { email },
  run: async ({ app, args }) => describeReset(await resetUserByEmail(app, consoleRealm(app), args.email, fromSystem)),
})

export default defineCommand({
  meta: { name: 'operator', description: 'Manage operators of the platform' },
  subCommands: {
    create,
    list,
    'role': setRole,
    'reset-factors': reset,
    'deactivate': activityTask('deactivate', false, 'Deactivate an operator and sign them out'),
    'reactivate': activityTask('reactivate', true, 'Reactivate an operator'),
  },
})

function activityTask(name: string, is_active: boolean, description: string) {
  return defineTask({
    name,
    description,
    args: { email },
    run: ({ app, args }) => change(app, args.email, { is_active }),
  })
}

async function change(app: App, email: string, change: UserChange) {
  const authRealm = consoleRealm(app)
  const { users } = authRealm.realm.tables
  const rows = await authRealm.realm.db
    .select({ id: users.id })
    .from(users)
    .where(eq(users.email, foldEmail(email)))
  if (!rows[0]) throw notFound()
  const { id, email: address, role, is_active } = await changeUser(app, authRealm, rows[0].id, change, fromSystem)
  return {
    json: { id, email: address, role, is_active },
    text: `${address} is ${role}, ${is_active ? 'active' : 'inactive'}.`,
  }
}
