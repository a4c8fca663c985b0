import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { format, resolveConfig } from 'prettier'
import { breakingChanges } from './openapi/breaking.ts'
import { readDocuments } from './openapi/read.ts'
import type { JsonSchema } from './openapi/schemas.ts'
import { Failure, main } from './run.ts'

/**
 * `npm run openapi`: writes the reference of the API, made from the routes' declarations, to docs/openapi/. A change that
 * can break clients needs a line in CHANGELOG.md that names its operation.
 */
await main(async () => {
  const documents = Object.entries(await readDocuments())
  const changelog = readFileSync('CHANGELOG.md', 'utf8')
  const unnamed = documents
    .flatMap(([surface, document]) => breakingChanges(committed(surface) ?? document, document))
    .filter(({ operation }) => !changelog.includes(`\`${operation}\``))
  if (unnamed.length > 0)
    throw new Failure(
      ['These changes can break clients. Name each operation in CHANGELOG.md, with what its clients have to do:']
        .concat(unnamed.map(({ operation, change }) => `  ${operation}: ${change}`))
        .join('\n'),
    )
  for (const [surface, document] of documents) await write(`docs/openapi/${surface}.json`, document)
}, 1)

function committed(surface: string): JsonSchema | undefined {
  const file = `docs/openapi/${surface}.json`
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as JsonSchema) : undefined
}

async function write(file: string, document: JsonSchema): Promise<void> {
  const options = { ...(await resolveConfig(file)), parser: 'json' }
  writeFileSync(file, await format(JSON.stringify(document), options))
  console.log(file)
}
