import openapiTS, { astToString } from 'openapi-typescript'
import { format, resolveConfig } from 'prettier'
import { readDocuments } from './read.ts'
import type { JsonSchema } from './schemas.ts'

/**
 * The generated files, by path: the reference of each surface, the client's types, and which requests it sends with an
 * Idempotency-Key.
 */
export async function readGenerated(): Promise<Record<string, string>> {
  const files: Record<string, string> = {}
  const keyed = new Set<string>()
  for (const [surface, document] of Object.entries(await readDocuments())) {
    const json = JSON.stringify(document)
    for (const path of keyedPathsOf(document)) keyed.add(path)
    files[`docs/openapi/${surface}.json`] = await formatted(`docs/openapi/${surface}.json`, 'json', json)
    const types = astToString(await openapiTS(JSON.parse(json) as never))
    files[`client/src/types/${surface}.ts`] = await formatted('client/src/index.ts', 'typescript', types)
  }
  const paths = `/** Generated: paths to which a POST takes an Idempotency-Key. */\nexport const keyedPaths = ${JSON.stringify([...keyed].sort())}`
  files['client/src/types/keyed-paths.ts'] = await formatted('client/src/index.ts', 'typescript', paths)
  return files
}

function keyedPathsOf(document: JsonSchema): string[] {
  const paths = document.paths as Record<string, { post?: { parameters: { name: string }[] } }>
  return Object.entries(paths)
    .filter(([, { post }]) => post?.parameters.some(({ name }) => name === 'Idempotency-Key'))
    .map(([path]) => path)
}

async function formatted(file: string, parser: string, text: string): Promise<string> {
  return format(text, { ...(await resolveConfig(file)), parser })
}
