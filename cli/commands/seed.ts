import { defineCommand } from 'citty'
import { seedDemo } from '#server/domain/platform/demo/demo.ts'
import { defineTask } from '../task.ts'

const demo = defineTask({
  name: 'demo',
  description: 'Create two demo organisations and an operator if they do not exist; not in production',
  args: {},
  async run({ app, migrations }) {
    const { accounts, created } = await seedDemo(app, migrations.tenant)
    return {
      json: { accounts, created },
      text: accounts.map(({ url, email, password, role }) => `${url}  ${email}  ${password}  ${role}`).join('\n'),
    }
  },
})

export default defineCommand({ meta: { name: 'seed', description: 'Create sample data' }, subCommands: { demo } })
