import { z } from 'zod'

/** How a run goes over all tenants, as its operation's input has it. */
export const runOptions = z.object({
  /** The newest version when it was requested: only a program with the same one works on it. */
  target: z.string(),
  /** The tenants that come first; null: as many as usual of the smallest. */
  canaries: z.array(z.string()).nullable().default(null),
  /** How many tenants make up each further wave. */
  batch: z.number().default(200),
  /** It halts when more than these have failed. */
  max_errors: z.number().default(10),
  /** How many schemas at most are migrated at the same time. */
  parallel: z.number().default(4),
  /** Only tenants that have failed before. */
  only_failed: z.boolean().default(false),
})
export type RunOptions = z.output<typeof runOptions>

/** How a run has ended. */
export type RunOutcome = 'completed' | 'paused' | 'interrupted' | 'halted' | 'failed'
