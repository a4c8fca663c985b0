import type { App } from '#server/domain/context.ts'
import { putImage } from '#server/domain/images/folders.ts'
import type { OperationReport } from '#server/domain/operations/report.ts'
import type { OpenArchive } from './reader.ts'

/** Writes an archive's images. @param added receives the paths of files that did not exist before */
export async function putImages(
  app: App,
  schema: string,
  archive: OpenArchive,
  report: OperationReport,
  added: string[],
): Promise<void> {
  report.begin('Writing images', archive.manifest.files.count)
  for await (const { file, bytes } of archive.files()) {
    if (await putImage(app, schema, file.path, bytes)) added.push(file.path)
    report.advance()
    await report.rest()
  }
}
