/**
 * `node bench/floors/bcrypt.ts <seconds> <cost>`: how many passwords a second bcrypt alone can check, with the four
 * threads of libuv. Prints the number.
 */
import { compare, hash } from 'bcrypt'

const [seconds, cost] = process.argv.slice(2).map(Number) as [number, number]
const threads = 4
const stored = await hash('violet harbour at dawn', cost)
const started = performance.now()
let count = 0
await Promise.all(
  Array.from({ length: threads }, async () => {
    while (performance.now() - started < seconds * 1000) {
      await compare('violet harbour at dawn', stored)
      count++
    }
  }),
)
process.stdout.write(String(count / ((performance.now() - started) / 1000)))
