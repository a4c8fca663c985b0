import { constants } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { copyFile, link, mkdir, open, readdir, readFile, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { OpenFile, Storage, StoredFile } from './storage.ts'

/** Files in a folder, which only its owner can read. */
export function createFolder(root: string): Storage {
  const locate = (path: string) => join(root, path)
  return {
    isRemote: false,
    put: (path, bytes) => put(locate(path), bytes),
    putFile: (path, file) => putFile(locate(path), file),
    read: path => readFile(locate(path), { flag: readOnly }).catch(undefinedIfMissing),
    open: path => openFile(locate(path)),
    fetchTo: (path, file) => fetchTo(locate(path), file),
    stat: path => statFile(locate(path)),
    list: (folder = '') => list(root, folder),
    folders: () => folders(root),
    remove: path => remove(locate(path), path.includes('/')),
    removeFolder: folder => rm(locate(folder), { recursive: true, force: true }),
    // The names of unfinished files are known to those who write them.
    removeUnfinished: () => Promise.resolve(0),
    locate,
  }
}

const readOnly = constants.O_RDONLY | constants.O_NOFOLLOW

function undefinedIfMissing(error: NodeJS.ErrnoException): undefined {
  if (!['ENOENT', 'ENOTDIR', 'ELOOP'].includes(error.code ?? '')) throw error
}

async function put(path: string, bytes: Buffer): Promise<void> {
  const draft = `${path}.part`
  await inFolder(path, async () => {
    // Of an interrupted attempt.
    await rm(draft, { force: true })
    try {
      await writeFile(draft, bytes, { flag: 'wx', mode: 0o600, flush: true })
      await rename(draft, path)
    } catch (error) {
      await rm(draft, { force: true })
      throw error
    }
  })
}

// Whoever deletes the last file of a folder deletes the folder, perhaps at this moment.
async function inFolder(path: string, work: () => Promise<void>): Promise<void> {
  const create = () => mkdir(dirname(path), { recursive: true, mode: 0o700 })
  await create()
  await work().catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
    await create()
    await work()
  })
}

async function putFile(path: string, file: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const handle = await open(file, 'r+')
  await handle.chmod(0o600)
  await handle.sync()
  await handle.close()
  await rename(file, path).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EXDEV') throw error
    await putFromOtherDisk(path, file)
  })
}

async function putFromOtherDisk(path: string, file: string): Promise<void> {
  const draft = join(dirname(path), `.${process.pid}.part`)
  try {
    await copyFile(file, draft)
    await putFile(path, draft)
  } finally {
    await rm(draft, { force: true })
  }
}

async function openFile(path: string): Promise<OpenFile | undefined> {
  const handle = await open(path, readOnly).catch(undefinedIfMissing)
  return handle && openHandle(handle)
}

/** A file that is already open; it need not have a name any more. */
export async function openHandle(handle: FileHandle): Promise<OpenFile> {
  const { size } = await handle.stat()
  return {
    size,
    async read(position, length) {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, position)
      return buffer.subarray(0, bytesRead)
    },
    close: () => handle.close(),
  }
}

// A hard link takes no time and survives the deletion of the original; it works only on the same disk.
async function fetchTo(path: string, file: string): Promise<boolean> {
  try {
    await link(path, file).catch(error =>
      error.code === 'ENOENT' ? Promise.reject(error) : copyFile(path, file, constants.COPYFILE_FICLONE),
    )
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return false
    if (code === 'EEXIST') return true
    throw error
  }
}

async function statFile(path: string): Promise<Omit<StoredFile, 'path'> | undefined> {
  const found = await stat(path).catch(undefinedIfMissing)
  return found && { size: found.size, modified: found.mtime }
}

async function* list(root: string, folder: string): AsyncGenerator<StoredFile> {
  const entries = await readdir(join(root, folder), { recursive: true, withFileTypes: true }).catch(() => [])
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name).slice(root.length + 1)
    const found = entry.isFile() && !path.startsWith('.') ? await statFile(join(root, path)) : undefined
    if (found) yield { path, ...found }
  }
}

async function folders(root: string): Promise<string[]> {
  const entries = await readdir(root, { withFileTypes: true }).catch(() => [])
  return entries.filter(entry => entry.isDirectory() && !entry.name.startsWith('.')).map(({ name }) => name)
}

async function remove(path: string, withFolder: boolean): Promise<void> {
  await rm(path, { force: true })
  // Succeeds only if the folder is empty.
  if (withFolder) await rmdir(dirname(path)).catch(() => {})
}
