import type { TestSpecification } from 'vitest/node'
import { BaseSequencer } from 'vitest/node'

/** The files that take longest, which a new clone does not know yet. At the end, one of them would run alone. */
const longest = [
  'api/security/isolation-matrix.test.ts',
  'api/security/sql-injection.test.ts',
  'api/database/faults.test.ts',
  'api/faults/database.test.ts',
  'api/database/migrations.test.ts',
  'api/database/fleet.test.ts',
  'api/tenants/archive-safety.test.ts',
  'api/database/soak.test.ts',
  'api/database/schema-changes.test.ts',
  'api/auth/enumeration.test.ts',
  'api/users/users.test.ts',
  'api/tenancy/rendering.test.ts',
  'api/database/slot-answers.test.ts',
  'e2e/accessibility.test.ts',
  'e2e/session.test.ts',
  'e2e/shell.test.ts',
  'e2e/accounts.test.ts',
]

/** Runs the longest files first, so that both workers end at the same time. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const placeOf = ({ moduleId }: TestSpecification) => {
      const place = longest.findIndex(name => moduleId.endsWith(name))
      return place === -1 ? longest.length : place
    }
    return sorted.sort((a, b) => placeOf(a) - placeOf(b))
  }
}
