import { defineCommand } from 'citty'
import { rewrapAll } from '#server/domain/secrets/rewrap.ts'
import { showProgress } from '../progress.ts'
import { defineTask, UsageError } from '../task.ts'

const rewrap = defineTask({
  name: 'rewrap',
  description: 'Encrypt with SECRET what SECRET_FALLBACK has encrypted. It can be interrupted and run again',
  args: {},
  async run({ app }) {
    if (app.config.secret.fallback === undefined) throw new UsageError('Set SECRET_FALLBACK')
    const result = await rewrapAll(app, showProgress('Encrypting'))
    const { rewrapped, remaining, lost, failed } = result
    return {
      json: result,
      text: [
        `${rewrapped} encrypted with SECRET, ${remaining} remain with SECRET_FALLBACK.`,
        ...(lost > 0 ? [`${lost} can be decrypted with neither. See: tenantry doctor`] : []),
        ...failed.map(({ subdomain, error }) => `${subdomain}: ${error}`),
      ].join('\n'),
      failed: remaining + lost + failed.length > 0,
    }
  },
})

export default defineCommand({
  meta: { name: 'secrets', description: 'Rotate SECRET' },
  subCommands: { rewrap },
})
