import openapiTS, { astToString } from 'openapi-typescript'
import { format, resolveConfig } from 'prettier'
import { readDocuments } from './read.ts'

/** The generated files, by path: the reference of each surface, and the client's types. */
export async function readGenerated(): Promise<Record<string, string>> {
  const files: Record<string, string> = {}
  for (const [surface, document] of Object.entries(await readDocuments())) {
    const json = JSON.stringify(document)
    files[`docs/openapi/${surface}.json`] = await formatted(`docs/openapi/${surface}.json`, 'json', json)
    const types = astToString(await openapiTS(JSON.parse(json) as never))
    files[`client/src/types/${surface}.ts`] = await formatted('client/src/index.ts', 'typescript', types)
  }
  return files
}

async function formatted(file: string, parser: string, text: string): Promise<string> {
  return format(text, { ...(await resolveConfig(file)), parser })
}
