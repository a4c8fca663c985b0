import cluster from 'node:cluster'
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'
import { workersWanted } from './config/workers.ts'
import { superviseWorkers } from './primary.ts'

/**
 * The start of the built server: with several workers, the first process only supervises the others. Everything that
 * serves is loaded by the process that needs it.
 */
const workers = workersWanted(process.env)
if (cluster.isPrimary && workers > 1) superviseWorkers(workers)
else {
  // The second start reads compiled code. Not in a folder that other users of the machine can write to.
  enableCompileCache(join(process.env.DATA_DIR || '.data', 'compiled'))
  await import('./serve.ts')
}
