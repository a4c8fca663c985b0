import { execFile, execFileSync } from 'node:child_process'
import { mkdtempSync, rmdirSync } from 'node:fs'
import { open, rm, rmdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** A file system of a few megabytes, which can be full. */
export interface SmallDisk {
  path: string
  /** Takes all of its free space. */
  fill(): Promise<void>
  /** Gives that back. */
  free(): Promise<void>
  remove(): Promise<void>
}

/** Why there can be none here; undefined: there can. Mounting needs root. */
export const whyNoSmallDisk = tryToMount()

if (whyNoSmallDisk) console.warn(`Tests of full disks are skipped: ${whyNoSmallDisk}`)

/** @param size such as `2m` */
export async function mountSmallDisk(size: string): Promise<SmallDisk> {
  const path = mount(size)
  const filler = join(path, 'filler')
  return {
    path,
    async fill() {
      const file = await open(filler, 'a')
      // In ever smaller pieces, down to the last byte.
      for (let piece = 1024 * 1024; piece >= 1;) {
        const isFull = await file.write(Buffer.alloc(piece)).then(
          ({ bytesWritten }) => bytesWritten < piece,
          () => true,
        )
        if (isFull) piece = Math.floor(piece / 2)
      }
      await file.close()
    },
    free: () => rm(filler),
    async remove() {
      await promisify(execFile)('umount', ['--lazy', path])
      await rmdir(path)
    },
  }
}

function mount(size: string): string {
  const path = mkdtempSync(join(tmpdir(), 'tenantry-small-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=0755`, 'tmpfs', path], { stdio: 'pipe' })
    return path
  } catch (error) {
    rmdirSync(path)
    throw error
  }
}

function tryToMount(): string | undefined {
  try {
    const path = mount('64k')
    execFileSync('umount', [path])
    rmdirSync(path)
    return undefined
  } catch (error) {
    return (error as Error).message.trim().split('\n').at(-1)
  }
}
