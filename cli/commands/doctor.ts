import { counted } from '#server/domain/lib/counted.ts'
import { examine } from '#server/domain/platform/doctor.ts'
import { deleteOrphans } from '#server/domain/platform/orphans.ts'
import { repairStandings } from '#server/domain/platform/standing-checks.ts'
import { defineTask } from '../task.ts'

export default defineTask({
  name: 'doctor',
  description:
    'Check the installation: database, versions, orphaned data, files, secrets, stuck operations, clock, mail, DNS',
  args: {
    'remove-orphans': {
      type: 'boolean',
      description: 'First delete schemas and files that belong to no organisation',
    },
    'repair-standings': {
      type: 'boolean',
      description: "First write each organisation's status into its schema, where it differs",
    },
  },
  onlyLooks: args => !args['remove-orphans'] && !args['repair-standings'],
  async run({ app, migrations, args }) {
    const removed = args['remove-orphans'] ? await deleteOrphans(app) : undefined
    const repaired = args['repair-standings'] ? await repairStandings(app) : undefined
    const checks = await examine(app, migrations)
    const failed = checks.some(check => check.problems.length > 0)
    return {
      json: { ok: !failed, checks, ...(removed && { removed }), ...(repaired && { repaired }) },
      text: [
        ...(removed
          ? [`Removed ${counted(removed.schemas.length, 'schema')} and ${counted(removed.folders.length, 'folder')}.`]
          : []),
        ...(repaired ? [`Repaired the standings of ${counted(repaired.length, 'organisation')}.`] : []),
        ...checks.map(({ name, found, problems }) =>
          [
            `${problems.length === 0 ? 'ok  ' : 'FAIL'}  ${name}: ${found}`,
            ...problems.map(problem => `      ${problem}`),
          ].join('\n'),
        ),
      ].join('\n'),
      failed,
    }
  },
})
