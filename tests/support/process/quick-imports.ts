/**
 * Loaded into a process of the tests before it begins: halves the time that it takes to start. Node.js reads the
 * package.json of drizzle-orm, of 180 kB, for each of its hundred modules anew; what these import of each other by a
 * relative path needs no look at it.
 */
import { registerHooks } from 'node:module'

registerHooks({
  resolve(specifier, context, next) {
    if (!specifier.startsWith('.') || !context.parentURL?.includes('/node_modules/drizzle-orm/'))
      return next(specifier, context)
    return { url: new URL(specifier, context.parentURL).href, format: 'module', shortCircuit: true }
  },
})
