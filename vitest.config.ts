import { defineVitestProject } from '@nuxt/test-utils/config'
import { defineConfig } from 'vitest/config'
import { LongestFirst } from './tests/support/longest-first.ts'

// These limits only stop what would never end; a slow machine may take long. Caches in a process live for half a
// minute, which is longer than an expectation waits: a passing test proves that the change was announced.
const limits = { testTimeout: 180_000, hookTimeout: 180_000, expect: { poll: { timeout: 20_000 } } }
// All files of a worker share their modules; these keep no state that could affect another file.
const shared = { isolate: false, ...limits }

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      { test: { name: 'unit', include: ['tests/unit/**/*.test.ts'], ...shared } },
      { test: { name: 'policy', include: ['tests/policy/**/*.test.ts'], ...shared } },
      await defineVitestProject({
        test: { name: 'nuxt', include: ['tests/nuxt/**/*.test.ts'], environment: 'nuxt', ...limits },
      }),
      // Every file starts a server and a database of its own.
      {
        test: {
          name: 'api',
          globalSetup: ['tests/support/database/database.ts', 'tests/support/process/bundled-cli.ts'],
          include: ['tests/api/**/*.test.ts'],
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
          ...shared,
        },
      },
      // By hand: npm run test:soak
      { test: { name: 'soak', include: ['tests/soak/**/*.test.ts'], ...limits } },
      {
        test: {
          name: 'e2e',
          globalSetup: 'tests/support/database/database.ts',
          include: ['tests/e2e/**/*.test.ts'],
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
          ...shared,
        },
      },
    ],
  },
})
