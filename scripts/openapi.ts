import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { breakingChanges } from './openapi/breaking.ts'
import { readGenerated } from './openapi/files.ts'
import type { JsonSchema } from './openapi/schemas.ts'
import { Failure, main } from './run.ts'

/**
 * `npm run openapi`: writes the reference of the API, made from the routes' declarations, to docs/openapi/, and the
 * client's types. A change that can break clients needs a line in CHANGELOG.md that names its operation.
 */
await main(async () => {
  const files = Object.entries(await readGenerated())
  const changelog = readFileSync('CHANGELOG.md', 'utf8')
  const unnamed = files
    .filter(([file]) => file.endsWith('.json') && existsSync(file))
    .flatMap(([file, text]) => breakingChanges(parse(readFileSync(file, 'utf8')), parse(text)))
    .filter(({ operation }) => !changelog.includes(`\`${operation}\``))
  if (unnamed.length > 0)
    throw new Failure(
      ['These changes can break clients. Name each operation in CHANGELOG.md, with what its clients have to do:']
        .concat(unnamed.map(({ operation, change }) => `  ${operation}: ${change}`))
        .join('\n'),
    )
  for (const [file, text] of files) writeFileSync(file, text)
  console.log(files.map(([file]) => file).join('\n'))
}, 1)

function parse(text: string): JsonSchema {
  return JSON.parse(text) as JsonSchema
}
