/**
 * Runs the program of argv[2] and its arguments for as long as whoever started us lives: until our standard input
 * ends.
 */
import { spawn } from 'node:child_process'

const [program, ...args] = process.argv.slice(2)
const child = spawn(program!, args, { stdio: ['ignore', 'inherit', 'inherit'] })
const stop = () => child.kill('SIGINT')
process.stdin.on('end', stop).on('error', stop).resume()
process.on('SIGTERM', stop)
child.on('exit', code => process.exit(code ?? 0))
