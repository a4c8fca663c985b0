import { rm } from 'node:fs/promises'
import type { TestProject } from 'vitest/node'
import { bundleCli } from '../../../scripts/bundle-cli.ts'

declare module 'vitest' {
  interface ProvidedContext {
    bundledCli: string
  }
}

/** Bundles the command line: the tests start it two hundred times, and loading takes most of that. */
export default async function setup(project: TestProject) {
  const file = `.output/tenantry-${process.pid}.mjs`
  await bundleCli(file)
  project.provide('bundledCli', file)
  return () => rm(file)
}
