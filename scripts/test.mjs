import { endWithParent, runScript } from './bootstrap.mjs'

endWithParent()
await runScript('test', { forChecks: true })
