import { runScript } from './bootstrap.mjs'

await runScript('dev', { forChecks: true })
