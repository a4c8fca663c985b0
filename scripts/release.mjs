import { runScript } from './bootstrap.mjs'

await runScript('release', { forChecks: true })
