/**
 * Runs the program in argv[2] with its arguments for as long as our parent process lives: until our standard input
 * ends.
 */
import { spawn } from 'node:child_process'

const [program, ...args] = process.argv.slice(2)
const child = spawn(program!, args, { stdio: ['ignore', 'inherit', 'inherit'] })
const stop = () => child.kill('SIGINT')
process.stdin.on('end', stop).on('error', stop).resume()
process.on('SIGTERM', stop)
child.on('exit', code => process.exit(code ?? 0))
