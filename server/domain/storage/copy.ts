import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Storage } from './storage.ts'

export interface CopyOutcome {
  copied: number
  /** Files that were there already, with the same size. */
  present: number
}

/**
 * Copies every file that the target lacks, or has with another size. A second run continues where the first one was
 * interrupted. Deletes nothing.
 * @param scratch a folder of this machine, for one file at a time
 */
export async function copyFiles(
  from: Storage,
  to: Storage,
  scratch: string,
  onProgress: (finished: number, total: number) => void,
): Promise<CopyOutcome> {
  const present = new Map<string, number>()
  for await (const { path, size } of to.list()) present.set(path, size)
  const files = await Array.fromAsync(from.list())
  const outcome = { copied: 0, present: 0 }
  for (const [i, { path, size }] of files.entries()) {
    if (present.get(path) === size) outcome.present++
    else if (await copyOne(from, to, path, scratch)) outcome.copied++
    onProgress(i + 1, files.length)
  }
  return outcome
}

/** @returns false if it was deleted meanwhile */
async function copyOne(from: Storage, to: Storage, path: string, scratch: string): Promise<boolean> {
  await mkdir(scratch, { recursive: true, mode: 0o700 })
  const file = join(scratch, `.copy-${process.pid}`)
  await rm(file, { force: true })
  try {
    if (!(await from.fetchTo(path, file))) return false
    await to.putFile(path, file)
    return true
  } finally {
    await rm(file, { force: true })
  }
}
