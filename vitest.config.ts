import { defineVitestProject } from '@nuxt/test-utils/config'
import { defineConfig } from 'vitest/config'

// A busy machine takes its time; whatever is waited for has a longer life than this without being told.
const expectations = { poll: { timeout: 5_000 } }

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['tests/unit/**/*.test.ts'] } },
      { test: { name: 'policy', include: ['tests/policy/**/*.test.ts'] } },
      await defineVitestProject({ test: { name: 'nuxt', include: ['tests/nuxt/**/*.test.ts'], environment: 'nuxt' } }),
      // Every file starts a server and a database of its own.
      { test: { name: 'api', globalSetup: 'tests/support/database.ts', include: ['tests/api/**/*.test.ts'], maxWorkers: 2, sequence: { groupOrder: 1 }, testTimeout: 30_000, hookTimeout: 60_000, expect: expectations } },
      { test: { name: 'e2e', globalSetup: 'tests/support/database.ts', include: ['tests/e2e/**/*.test.ts'], maxWorkers: 1, sequence: { groupOrder: 2 }, testTimeout: 60_000, hookTimeout: 60_000, expect: expectations } },
    ],
  },
})
