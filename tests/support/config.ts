import type { Config } from '#server/config.ts'
import { loadConfig } from '#server/config.ts'

/** A configuration with generated secrets, so that none is in the source code. */
export function testConfig(env: Record<string, string | undefined> = {}): Config {
  return loadConfig({ SECRET: 'e5f0c1b7a9d24836e5f0c1b7a9d24836', PEPPER: '7b1d9e3f5a2c48607b1d9e3f5a2c4860', ...env })
}
