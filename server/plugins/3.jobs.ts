import { defineNitroPlugin } from 'nitropack/runtime'
import { whileRunning } from '#server/runtime.ts'

/** Milliseconds. The first requests must not wait for code that they do not need. */
const startDelay = 300

/** Starts the background work when requests are served already. */
export default defineNitroPlugin(() => {
  whileRunning(({ app, migrations }) => {
    let stop: Promise<() => Promise<void>> | undefined
    const timer = setTimeout(() => {
      stop = import('#server/background.ts').then(({ startBackground }) => startBackground(app, migrations))
    }, startDelay)
    return async () => {
      clearTimeout(timer)
      await (
        await stop
      )?.()
    }
  })
})
