import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

export interface Postmaster {
  pid: number
  port: number
  status: 'ready' | 'starting' | 'stopping' | (string & {})
}

export const pidFile = (home: string) => join(home, 'postgres/postmaster.pid')

/** The running PostgreSQL of this directory. The pid alone is no proof: after a crash another process may have it. */
export async function readPostmaster(home: string): Promise<Postmaster | undefined> {
  // Lines: pid, directory, start time, port, socket directory, address, shared memory, status.
  const lines = (await readFile(pidFile(home), 'utf8').catch(() => '')).split('\n')
  const pid = Number(lines[0])
  if (!pid || !(await isPostgresOf(join(home, 'postgres'), pid))) return undefined
  return { pid, port: Number(lines[3]), status: lines[7]?.trim() || 'starting' }
}

async function isPostgresOf(directory: string, pid: number) {
  const words = await commandLine(pid)
  return words.includes(` -D ${directory} `) && words.split(' -D ')[0]!.endsWith('postgres')
}

async function commandLine(pid: number) {
  if (process.platform === 'linux') {
    return (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).replaceAll('\0', ' ')
  }
  return promisify(execFile)('ps', ['-ww', '-o', 'command=', '-p', String(pid)]).then(
    ({ stdout }) => stdout,
    () => '',
  )
}
