import { defineConfig } from 'drizzle-kit'

const set = process.env.MIGRATION_SET
if (!set || !['realm', 'tenant', 'platform'].includes(set))
  throw new Error('MIGRATION_SET must be realm, tenant or platform')

export default defineConfig({
  dialect: 'postgresql',
  schema: './drizzle/kit.cjs',
  out: `./drizzle/${set}/migrations`,
})
