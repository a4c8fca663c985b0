import { defineCommand } from 'citty'
import { exec } from './exec.ts'
import { archiveSchedule } from './tenant/archive-schedule.ts'
import { archives } from './tenant/archives.ts'
import { clone } from './tenant/clone.ts'
import domain from './tenant/domain.ts'
import { exportTask } from './tenant/export.ts'
import { create, list, rename, show } from './tenant/identity.ts'
import { move } from './tenant/move.ts'
import { policy } from './tenant/policy.ts'
import { restoreArchive } from './tenant/restore-archive.ts'
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
    move,
    archives,
    'archive-schedule': archiveSchedule,
    policy,
    exec,
  },
})
