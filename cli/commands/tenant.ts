import { defineCommand } from 'citty'
import { archives, clone, exportTask, restoreArchive } from './archives.ts'
import { exec } from './exec.ts'
import domain from './tenant/domain.ts'
import { create, list, rename, show } from './tenant/identity.ts'
import { deletion, maintenance, restore, resume, suspend } from './tenant/states.ts'

export default defineCommand({
  meta: { name: 'tenant', description: 'Manage organisations' },
  subCommands: {
    create,
    list,
    show,
    rename,
    suspend,
    resume,
    maintenance,
    'delete': deletion,
    restore,
    domain,
    'export': exportTask,
    'restore-archive': restoreArchive,
    clone,
    archives,
    exec,
  },
})
