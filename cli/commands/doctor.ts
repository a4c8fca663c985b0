import { examine } from '../../server/domain/doctor.ts'
import { defineTask } from '../task.ts'

export default defineTask({
  name: 'doctor',
  description: 'Look for what is wrong: database, versions, orphans, secrets',
  args: {},
  async run({ app, migrations }) {
    const checks = await examine(app, migrations)
    const failed = checks.some(check => check.problems.length > 0)
    return {
      json: { ok: !failed, checks },
      text: checks.map(({ name, found, problems }) => [`${problems.length === 0 ? 'ok  ' : 'FAIL'}  ${name}: ${found}`, ...problems.map(problem => `      ${problem}`)].join('\n')).join('\n'),
      failed,
    }
  },
})
