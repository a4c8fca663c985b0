import { defineCommand } from 'citty'
import { copyFiles } from '#server/domain/storage/copy.ts'
import { openBucket, openFolders } from '#server/domain/storage/open.ts'
import { showProgress } from '../progress.ts'
import { defineTask, UsageError } from '../task.ts'

const copy = defineTask({
  name: 'copy',
  description: 'Copy photos, logos and archives between the folders and S3. A second run copies what is missing',
  args: { to: { type: 'string', description: 'Target: s3 or folder', required: true } },
  async run({ app: { config }, args: { to } }) {
    if (to !== 's3' && to !== 'folder') throw new UsageError('--to takes s3 or folder')
    if (!config.s3) throw new UsageError('Set S3_ENDPOINT, S3_BUCKET, S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY')
    const folders = openFolders(config)
    const bucket = await openBucket(config.s3)
    const [source, target] = to === 's3' ? [folders, bucket] : [bucket, folders]
    const images = await copyFiles(source.images, target.images, config.archiveDir, showProgress('Images'))
    const archives = await copyFiles(source.archives, target.archives, config.archiveDir, showProgress('Archives'))
    return {
      json: { images, archives },
      text: `Images: ${images.copied} copied, ${images.present} were there. Archives: ${archives.copied} copied, ${archives.present} were there.`,
    }
  },
})

export default defineCommand({
  meta: { name: 'files', description: 'Manage photos, logos and archives' },
  subCommands: { copy },
})
