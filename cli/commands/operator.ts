import { defineCommand } from 'citty'
import { newPersonSchema } from '../../shared/schemas/user.ts'
import { fromSystem } from '../../server/domain/app.ts'
import { createOperator } from '../../server/domain/operators.ts'
import { validate } from '../../shared/schemas/validate.ts'
import { defineTask, readPassword } from '../task.ts'

const create = defineTask({
  name: 'create',
  description: 'Create an operator, who runs the organisations from the console',
  args: {
    'email': { type: 'string', description: 'E-mail address, by which the operator signs in', required: true },
    'password-stdin': { type: 'boolean', description: 'Read the password from standard input instead of making a link' },
  },
  async run({ app, args }) {
    const { email } = validate(newPersonSchema, { email: args.email })
    const { user, url, password_link } = await createOperator(app, { email, password: args['password-stdin'] ? await readPassword() : null }, fromSystem)
    return {
      json: { id: user.id, email: user.email, url, ...password_link ? { password_link } : {} },
      text: `${user.email} is an operator at ${url}.${password_link ? `\nA password is set here, once, within 7 days:\n${password_link}` : ''}`,
    }
  },
})

export default defineCommand({ meta: { name: 'operator', description: 'Operators of the platform' }, subCommands: { create } })
