import { existsSync } from 'node:fs'
import { Failure, runQuietly } from './run.ts'

/** The browser of the end-to-end tests is Debian's. */
export async function installChromium(): Promise<void> {
  if (existsSync('/usr/bin/chromium')) return
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    throw new Failure('The end-to-end tests need /usr/bin/chromium. On Debian: sudo apt-get install chromium')
  }
  console.log('Installing Chromium (once) …')
  process.env.DEBIAN_FRONTEND = 'noninteractive'
  await runQuietly('apt-get', 'update')
  await runQuietly('apt-get', 'install', '--yes', '--no-install-recommends', 'chromium')
}
