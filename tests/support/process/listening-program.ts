import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Starts a program and waits until it listens. It ends with this process.
 * @param env what its environment has besides ours
 * @returns ends it
 */
export async function startListening(
  program: string,
  args: string[],
  port: number,
  env: Record<string, string> = {},
): Promise<() => Promise<void>> {
  const child = spawn(process.execPath, ['tests/support/process/run-with-parent.ts', program, ...args], {
    stdio: ['pipe', 'ignore', 'ignore'],
    env: { ...process.env, ...env },
  })
  const exited = once(child, 'exit')
  await Promise.race([opens(port), exited.then(() => Promise.reject(new Error(`${program} has ended.`)))])
  return async () => {
    child.kill()
    await exited
  }
}

async function opens(port: number): Promise<void> {
  for (;;) {
    const socket = connect(port, '127.0.0.1')
    const isOpen = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    socket.destroy()
    if (isOpen) return
    await sleep(20)
  }
}
